//! Which of a machine's addresses is meant. A cloud that has not chosen one yet may say `0.0.0.0` or `::`, which is none.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use machine_core::Machine;

/// The address at which anybody reaches the machine by IPv4.
pub(crate) fn public_v4(machine: &Machine) -> Option<Ipv4Addr> {
    usable(&machine.addresses.public).find_map(|address| match address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    })
}

/// The address at which anybody reaches the machine by IPv6.
pub(crate) fn public_v6(machine: &Machine) -> Option<Ipv6Addr> {
    usable(&machine.addresses.public).find_map(|address| match address {
        IpAddr::V6(address) => Some(address),
        IpAddr::V4(_) => None,
    })
}

/// The address at which its own network reaches the machine, by IPv4 where it has both.
pub(crate) fn private(machine: &Machine) -> Option<IpAddr> {
    let private = &machine.addresses.private;
    usable(private).find(IpAddr::is_ipv4).or_else(|| usable(private).next())
}

fn usable(addresses: &[IpAddr]) -> impl Iterator<Item = IpAddr> {
    addresses.iter().copied().filter(|address| !address.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_is_not_taken_for_one() {
        let mut machine = Machine::new("1", "web", "vultr", "pending");
        assert_eq!((public_v4(&machine), public_v6(&machine), private(&machine)), (None, None, None));
        machine.addresses.public = vec!["::".parse().unwrap(), "0.0.0.0".parse().unwrap()];
        machine.addresses.private = vec!["0.0.0.0".parse().unwrap()];
        assert_eq!((public_v4(&machine), public_v6(&machine), private(&machine)), (None, None, None));
        machine.addresses.public.extend(["2001:db8::9".parse::<IpAddr>().unwrap(), "203.0.113.9".parse().unwrap()]);
        machine.addresses.private.extend(["fdaa::3".parse::<IpAddr>().unwrap(), "10.0.0.3".parse().unwrap()]);
        assert_eq!(public_v4(&machine), Some("203.0.113.9".parse().unwrap()));
        assert_eq!(public_v6(&machine), Some("2001:db8::9".parse().unwrap()));
        assert_eq!(private(&machine), Some("10.0.0.3".parse().unwrap()));
    }
}
