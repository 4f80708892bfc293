//! Which case holds which sentence. (To be filled.)
