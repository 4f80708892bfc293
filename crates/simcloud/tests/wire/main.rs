//! The simulated clouds, spoken to over sockets.

#[cfg(test)]
mod digitalocean;
#[cfg(test)]
mod digitalocean_spec;
#[cfg(test)]
mod fly;
#[cfg(test)]
mod fly_spec;
#[cfg(test)]
mod frame;
#[cfg(test)]
mod spec;
#[cfg(test)]
mod support;
#[cfg(test)]
mod vultr;
#[cfg(test)]
mod vultr_spec;
