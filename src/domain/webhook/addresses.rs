//! Which addresses belong to the internet, and which only to a network, a machine or a document.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is an ordinary one of the internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Everything but the special-purpose blocks of IANA (RFC 6890 and its registry).
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, d] = address.octets();
    let is_special = match a {
        // "This network", private, loopback; multicast, reserved, broadcast.
        0 | 10 | 127 | 224.. => true,
        // Shared by carriers (RFC 6598).
        100 => (64..=127).contains(&b),
        // Link-local, and with it the metadata services of clouds.
        169 => b == 254,
        172 => (16..=31).contains(&b),
        // Private; protocol assignments; documentation; 6to4 relays.
        192 => b == 168 || (b == 0 && (c == 0 || c == 2)) || (b == 88 && c == 99),
        // Benchmarks; documentation.
        198 => b == 18 || b == 19 || (b == 51 && c == 100),
        203 => b == 0 && c == 113,
        // Azure's platform service, on a public address that every machine there can reach.
        168 => (b, c, d) == (63, 129, 16),
        _ => false,
    };
    !is_special
}

/// Global unicast without its special blocks, and public IPv4 behind a translator or mapped into IPv6. Tunnels that carry an
/// IPv4 address of the sender's choice (6to4, Teredo, ISATAP) are refused as a whole.
fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let segments = address.segments();
    let low = |segments: [u16; 8]| {
        let [.., high, low] = segments;
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        return is_public_v4(low(segments));
    }
    let is_global_unicast = segments[0] & 0xe000 == 0x2000;
    let is_special = match segments[0] {
        // Protocol assignments up to 2001:1ff::, Teredo and ORCHID among them; documentation.
        0x2001 => segments[1] < 0x0200 || segments[1] == 0x0db8,
        // 6to4.
        0x2002 => true,
        // Documentation (RFC 9637).
        0x3fff => segments[1] < 0x1000,
        _ => false,
    };
    let is_isatap = segments[4] & 0xfdff == 0 && segments[5] == 0x5efe;
    is_global_unicast && !is_special && !is_isatap
}
