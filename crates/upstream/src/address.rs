//! What kind of place an IP address is: judged by allow-list, so that what is not known is refused.
//!
//! Sources: the IANA special-purpose registries for [IPv4] and [IPv6], and the cloud vendors' pages on their
//! instance metadata services.
//!
//! [IPv4]: https://www.iana.org/assignments/iana-ipv4-special-registry
//! [IPv6]: https://www.iana.org/assignments/iana-ipv6-special-registry

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who may be reached at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AddressClass {
    /// Anyone's server on the internet.
    Public,
    /// This machine, or one on a private network.
    Private,
    /// Nothing that answers as a provider should: metadata services, link-local, reserved, translated.
    Never,
}

/// Classifies `address`. An IPv4 address written as IPv6 is judged as what it is.
pub(crate) fn classify(address: IpAddr) -> AddressClass {
    match address.to_canonical() {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => classify_v6(address),
    }
}

fn classify_v4(address: Ipv4Addr) -> AddressClass {
    let within = |prefixes: &[(Ipv4Addr, u32)]| {
        prefixes
            .iter()
            .any(|&(prefix, bits)| (prefix.to_bits() ^ address.to_bits()).leading_zeros() >= bits)
    };
    if within(NEVER_V4) {
        AddressClass::Never
    } else if within(PRIVATE_V4) {
        AddressClass::Private
    } else if matches!(address.octets(), [1..=223, ..]) {
        AddressClass::Public
    } else {
        AddressClass::Never
    }
}

fn classify_v6(address: Ipv6Addr) -> AddressClass {
    let within = |prefixes: &[(Ipv6Addr, u32)]| {
        prefixes
            .iter()
            .any(|&(prefix, bits)| (prefix.to_bits() ^ address.to_bits()).leading_zeros() >= bits)
    };
    if within(NEVER_V6) {
        AddressClass::Never
    } else if within(PRIVATE_V6) {
        AddressClass::Private
    } else if within(PUBLIC_V6) {
        AddressClass::Public
    } else {
        AddressClass::Never
    }
}

const NEVER_V4: &[(Ipv4Addr, u32)] = &[
    // Metadata services outside the link-local range: Alibaba Cloud, Azure.
    (Ipv4Addr::new(100, 100, 100, 200), 32),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    // Link-local, with the other clouds' metadata services.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    // Protocol assignments, with Oracle's metadata service of old at 192.0.0.192.
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    // Documentation.
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // 6to4 relays.
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    // Benchmarking.
    (Ipv4Addr::new(198, 18, 0, 0), 15),
];

const PRIVATE_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
];

const NEVER_V6: &[(Ipv6Addr, u32)] = &[
    // Metadata services inside the private range: AWS, Google Cloud, Oracle Cloud, Scaleway.
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254), 128),
    (Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe), 128),
    (Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42), 128),
    // Protocol assignments: Teredo, benchmarking, ORCHID and the like.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    // Documentation.
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    // 6to4: carries an IPv4 address that may be of any class.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
];

const PRIVATE_V6: &[(Ipv6Addr, u32)] =
    &[(Ipv6Addr::LOCALHOST, 128), (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7)];

/// Global unicast. NAT64, IPv4-compatible, link-local, site-local and multicast all lie outside.
const PUBLIC_V6: &[(Ipv6Addr, u32)] = &[(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3)];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{AddressClass::*, *};

    fn check(class: AddressClass, addresses: &[&str]) {
        for address in addresses {
            assert_eq!(classify(address.parse().unwrap()), class, "{address}");
        }
    }

    #[test]
    fn private_ranges_reach_exactly_to_their_edges() {
        check(Private, &["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255"]);
        check(Private, &["192.168.0.0", "192.168.255.255", "127.0.0.0", "127.255.255.255"]);
        check(Private, &["100.64.0.0", "100.100.100.199", "100.100.100.201", "100.127.255.255"]);
        check(Private, &["::1", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]);
        check(Private, &["fd00:ec1::1", "fd00:ec3::1", "fd20:ce::253", "fd00:c1::1"]);
        check(Public, &["9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0"]);
        check(Public, &["192.167.255.255", "192.169.0.0", "126.255.255.255", "128.0.0.0"]);
        check(Public, &["100.63.255.255", "100.128.0.0"]);
    }

    #[test]
    fn special_ipv4_is_never_reached() {
        check(Never, &["0.0.0.0", "0.255.255.255", "169.254.0.0", "169.254.255.255"]);
        check(Never, &["100.100.100.200", "168.63.129.16", "192.0.0.0", "192.0.0.192"]);
        check(Never, &["192.0.0.255", "192.0.2.0", "198.51.100.255", "203.0.113.7", "192.88.99.1"]);
        check(Never, &["198.18.0.0", "198.19.255.255", "224.0.0.0", "240.0.0.1"]);
        check(Never, &["255.255.255.255"]);
        check(Public, &["1.0.0.0", "223.255.255.255", "168.63.129.15", "192.0.1.0", "192.0.3.0"]);
        check(Public, &["198.17.255.255", "198.20.0.0", "169.253.255.255", "169.255.0.0"]);
    }

    #[test]
    fn special_ipv6_is_never_reached() {
        check(Never, &["::", "::2", "::7f00:1", "::ffff:0:7f00:1", "64:ff9b::808:808"]);
        check(
            Never,
            &["64:ff9b:1::1", "100::1", "100:0:0:1::1", "1fff::1", "2001::1", "2001:2::1"],
        );
        check(Never, &["2001:1ff:ffff::1", "2001:db8::1", "2002:808:808::1", "3fff::1"]);
        check(Never, &["3fff:fff::1", "4000::1", "5f00::1", "fbff::1", "fe00::1", "fe80::1"]);
        check(Never, &["febf::1", "fec0::1", "feff::1", "ff02::1", "fd00:ec2::254"]);
        check(Never, &["fd00:ec2:ffff::1", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "fd00:42::42"]);
        check(Public, &["2000::1", "2001:200::1", "2001:4860::1", "2003::1", "3ffe::1"]);
        check(Public, &["2001:db7::1", "2001:db9::1", "3fff:1000::1"]);
    }

    proptest! {
        #[test]
        fn ipv4_in_ipv6_is_judged_as_ipv4(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            let mapped = IpAddr::V6(address.to_ipv6_mapped());
            prop_assert_eq!(classify(mapped), classify(IpAddr::V4(address)));
        }

        #[test]
        fn nothing_the_standard_library_knows_as_special_is_public(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            let special = address.is_private() || address.is_loopback() || address.is_link_local()
                || address.is_multicast() || address.is_broadcast() || address.is_documentation()
                || address.is_unspecified();
            prop_assert!(!special || classify(IpAddr::V4(address)) != Public);
        }

        #[test]
        fn ipv6_outside_global_unicast_is_not_public(bits: u128) {
            let address = Ipv6Addr::from_bits(bits);
            let outside = bits >> 125 != 1 && address.to_ipv4_mapped().is_none();
            prop_assert!(!outside || classify(IpAddr::V6(address)) != Public);
        }

        #[test]
        fn an_ipv4_address_carried_in_ipv6_never_passes(bits: u32) {
            let [high, low] = [(bits >> 16) as u16, bits as u16];
            let carriers = [
                Ipv6Addr::new(0, 0, 0, 0, 0, 0, high.max(1), low),
                Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
                Ipv6Addr::new(0x2001, 0, high, low, 0, 0, !high, !low),
            ];
            for carrier in carriers {
                prop_assert_eq!(classify(IpAddr::V6(carrier)), Never, "{}", carrier);
            }
        }
    }
}
