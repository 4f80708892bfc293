//! The simulated clouds, spoken to over sockets.

#[cfg(test)]
mod frame;
#[cfg(test)]
mod support;
