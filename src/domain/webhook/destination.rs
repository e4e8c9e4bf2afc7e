//! Where messages may go. A tenant chooses the address and our server connects to it, so nothing inside our own network may
//! be reachable that way (server-side request forgery, CWE-918; the forms follow the OWASP cheat sheet).
//!
//! Two walls: the URL as written ([`check_url`]), and the addresses its name resolved to, checked by whoever connects right
//! before connecting to exactly those ([`check_resolved`]).

use std::net::IpAddr;

use url::{Host, Url};

use super::addresses::is_public;

/// The longest URL that is accepted.
pub const LONGEST_URL: usize = 2_000;

/// Names that only mean something inside a network, with everything below them.
const INTERNAL_NAMES: [&str; 9] = [
    "localhost",
    "local",
    "localdomain",
    "internal",
    "intranet",
    "lan",
    "corp",
    "home",
    "home.arpa",
];

/// Why a destination is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is no absolute URL with a host, or too long.
    #[error("this is not an absolute URL of at most 2,000 characters")]
    NotAUrl,
    /// It is written in a way that people and programs may read differently, or has parts that are never sent.
    #[error("the URL must be written plainly, without backslash, fragment, empty label, port 0 or unusual IPv4")]
    NotPlain,
    /// Messages carry personal data and are sent encrypted.
    #[error("the URL must begin with https://")]
    NotHttps,
    /// User name or password in the URL: they would end up in logs, and confuse readers about the host.
    #[error("the URL must not contain a user name or password")]
    Credentials,
    /// The host is a name or address that only exists inside a network, or has no meaning on the internet.
    #[error("the URL leads to an internal address")]
    Internal,
}

impl Refusal {
    /// Stable name for problems and for the list of attempts.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotAUrl | Self::NotPlain => "invalid_url",
            Self::NotHttps => "https_required",
            Self::Credentials => "credentials_in_url",
            Self::Internal => "internal_address",
        }
    }
}

/// Reads a URL and refuses what messages must not be sent to; what it gives back is the normal form. With `allow_loopback`
/// (sandbox providers on a server whose operator switched it on) the machine itself is allowed, also by http.
///
/// # Errors
/// [`Refusal`].
pub fn check_url(text: &str, allow_loopback: bool) -> Result<Url, Refusal> {
    // The parser drops tabs and line feeds within a URL and blanks around it; what people read would not be what is called.
    let is_deceptive = |character: char| character.is_whitespace() || character.is_control();
    if text.len() > LONGEST_URL || text.contains(is_deceptive) {
        return Err(Refusal::NotAUrl);
    }
    // The parser normalises as browsers do: octal, hexadecimal, short and full-width forms become the address they mean.
    let url = Url::parse(text).map_err(|_| Refusal::NotAUrl)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Refusal::NotHttps);
    }
    let host = written_host(text, &url)?;
    let is_loopback = match url.host().ok_or(Refusal::NotAUrl)? {
        Host::Domain(name) => check_name(name, allow_loopback)?,
        Host::Ipv4(address) => check_literal(address.into(), allow_loopback)?,
        Host::Ipv6(address) => check_literal(address.into(), allow_loopback)?,
    };
    if url.scheme() != "https" && !is_loopback {
        return Err(Refusal::NotHttps);
    }
    let is_plain = match url.host() {
        // One dot at the end means the root.
        Some(Host::Domain(name)) => name
            .strip_suffix('.')
            .unwrap_or(name)
            .split('.')
            .all(|label| !label.is_empty()),
        // 010.8.8.8 is 8.8.8.8 to some programs and 10.8.8.8 to others (RFC 6943 section 3.1.1).
        Some(Host::Ipv4(address)) => host == address.to_string(),
        _ => true,
    };
    if !is_plain || url.port() == Some(0) || url.fragment().is_some() {
        return Err(Refusal::NotPlain);
    }
    if url.as_str().len() > LONGEST_URL {
        return Err(Refusal::NotAUrl);
    }
    Ok(url)
}

/// The host as it was written. The parser also takes backslashes for slashes, and any number of slashes before the host.
fn written_host<'a>(text: &'a str, url: &Url) -> Result<&'a str, Refusal> {
    let (scheme, rest) = text.split_once("://").ok_or(Refusal::NotPlain)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') || !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::Credentials);
    }
    if text.contains('\\') || authority.is_empty() || !scheme.eq_ignore_ascii_case(url.scheme()) {
        return Err(Refusal::NotPlain);
    }
    Ok(authority.split(':').next().unwrap_or_default())
}

/// Refuses unless a name has resolved to addresses messages may go to, all of them: a name that means both outside and inside
/// is not to be trusted. With `allow_loopback` only `localhost` may mean this machine: any other name would be somebody else's
/// way into it.
///
/// # Errors
/// [`Refusal::Internal`], also without any address.
pub fn check_resolved(name: &str, addresses: &[IpAddr], allow_loopback: bool) -> Result<(), Refusal> {
    let may_be_local = allow_loopback && is_localhost(name);
    let fits = |address: &IpAddr| is_public(*address) || (may_be_local && is_loopback(*address));
    if !addresses.is_empty() && addresses.iter().all(fits) {
        Ok(())
    } else {
        Err(Refusal::Internal)
    }
}

fn is_localhost(name: &str) -> bool {
    name.strip_suffix('.').unwrap_or(name).eq_ignore_ascii_case("localhost")
}

/// Whether the name is this machine's; refuses names of inner networks.
fn check_name(name: &str, allow_loopback: bool) -> Result<bool, Refusal> {
    if allow_loopback && is_localhost(name) {
        return Ok(true);
    }
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let is_or_is_below =
        |parent: &str| name == parent || name.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'));
    // A name without a dot is looked up in the server's own domain.
    if !name.contains('.') || INTERNAL_NAMES.iter().any(|parent| is_or_is_below(parent)) {
        return Err(Refusal::Internal);
    }
    Ok(false)
}

fn check_literal(address: IpAddr, allow_loopback: bool) -> Result<bool, Refusal> {
    let is_loopback = is_loopback(address);
    if is_public(address) || (allow_loopback && is_loopback) {
        Ok(is_loopback)
    } else {
        Err(Refusal::Internal)
    }
}

/// The machine itself; IPv4 in IPv6 included.
fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ways to write an inner address that are known to have got past guards: each must be refused as written.
    const INTERNAL_URLS: [&str; 61] = [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://127.0.1/",
        "https://127.255.255.254/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://0x7f.0.0.1/",
        "https://0x7f000001/",
        "https://017700000001/",
        "https://127.0.0.1./",
        "https://１２７.０.０.１/",
        "https://127。0。0。1/",
        "https://%31%32%37.0.0.1/",
        "https://0.0.0.0/",
        "https://0/",
        "https://10.0.0.1/",
        "https://172.16.0.1/",
        "https://172.31.255.255/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://100.100.100.200/",
        "https://169.254.169.254/latest/meta-data/",
        "https://2852039166/",
        "https://0xa9fea9fe/",
        "https://168.63.129.16/",
        "https://192.0.0.192/",
        "https://192.0.2.1/",
        "https://198.18.0.1/",
        "https://224.0.0.1/",
        "https://240.0.0.1/",
        "https://255.255.255.255/",
        "https://[::]/",
        "https://[::1]/",
        "https://[0:0:0:0:0:0:0:1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::ffff:a9fe:a9fe]/",
        "https://[::127.0.0.1]/",
        "https://[fe80::1]/",
        "https://[fec0::1]/",
        "https://[fc00::1]/",
        "https://[fd00:ec2::254]/",
        "https://[ff02::1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[64:ff9b:1::a00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[2002:a9fe:a9fe::1]/",
        "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
        "https://[2001:db8::1]/",
        "https://[2606:4700::5efe:7f00:1]/",
        "https://[::ffff:0:127.0.0.1]/",
        "https://0x7f.1/",
        "https://0300.0250.1/",
        "https://0x0.0x0.0x0.0x0/",
        "https://[0000::ffff:0a00:0001]/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://api.localhost/",
        "https://metadata.google.internal/computeMetadata/v1/",
        "https://intranet/",
    ];

    #[test]
    fn internal_addresses_are_refused_however_they_are_written() {
        for url in INTERNAL_URLS {
            assert_eq!(check_url(url, false), Err(Refusal::Internal), "{url}");
        }
    }

    #[test]
    fn what_is_no_plain_https_url_is_refused() {
        for (url, refusal) in [
            ("", Refusal::NotAUrl),
            ("example.com/hook", Refusal::NotAUrl),
            ("//example.com", Refusal::NotAUrl),
            ("https://", Refusal::NotAUrl),
            ("https://exa mple.com/", Refusal::NotAUrl),
            ("https://exa\tmple.com/", Refusal::NotAUrl),
            ("https://example.com/\r\nhost: 10.0.0.1", Refusal::NotAUrl),
            (" https://example.com/", Refusal::NotAUrl),
            ("https://[::1", Refusal::NotAUrl),
            ("https://256.1.1.1/", Refusal::NotAUrl),
            ("https://127.0.0.1%00.example.com/", Refusal::NotAUrl),
            ("http://example.com/", Refusal::NotHttps),
            ("ftp://example.com/", Refusal::NotHttps),
            ("file:///etc/passwd", Refusal::NotHttps),
            ("gopher://example.com:70/1", Refusal::NotHttps),
            (r"https:\\example.com\hook", Refusal::NotPlain),
            (r"https://example.com\hook", Refusal::NotPlain),
            (r"https://example.com/a\b", Refusal::NotPlain),
            ("https:example.com/", Refusal::NotPlain),
            ("https:///example.com/", Refusal::NotPlain),
            ("https:example.com/?a=b://c", Refusal::NotPlain),
            ("https://..example.com/", Refusal::NotPlain),
            ("https://api..example.com/", Refusal::NotPlain),
            ("https://.example.com/", Refusal::NotPlain),
            ("https://example.com../", Refusal::NotPlain),
            ("https://example.com:0/", Refusal::NotPlain),
            ("https://example.com/#part", Refusal::NotPlain),
            ("https://example.com/#", Refusal::NotPlain),
            ("https://010.8.8.8/", Refusal::NotPlain),
            ("https://8.8.8.010/", Refusal::NotPlain),
            ("https://08.8.8.8/", Refusal::NotAUrl),
            ("https://134744072/", Refusal::NotPlain),
            ("https://8.8.8.8./", Refusal::NotPlain),
            ("https://@example.com/", Refusal::Credentials),
            ("https://user:secret@example.com/", Refusal::Credentials),
            ("https://example.com@127.0.0.1/", Refusal::Credentials),
            ("https://example.com:443@10.0.0.1/", Refusal::Credentials),
            ("https://printer.local/", Refusal::Internal),
            ("https://nas.home.arpa/", Refusal::Internal),
            ("https://db.svc.cluster.local/", Refusal::Internal),
        ] {
            assert_eq!(check_url(url, false), Err(refusal), "{url}");
        }
        let long = format!("https://example.com/{}", "x".repeat(LONGEST_URL));
        assert_eq!(check_url(&long, true), Err(Refusal::NotAUrl));
    }

    #[test]
    fn the_internet_is_allowed() {
        for url in [
            "https://example.com/hooks",
            "https://example.com./hooks",
            "https://api.example.com:8443/a?b=c",
            "https://8.8.8.8/",
            "https://172.32.0.1/",
            "https://100.128.0.1/",
            "https://[2606:4700:4700::1111]/",
            "https://[::ffff:8.8.8.8]/",
            "https://[64:ff9b::808:808]/",
            "https://bücher.example/",
            "https://locallabs.example/",
            "https://notlocalhost.example/",
        ] {
            assert!(check_url(url, false).is_ok(), "{url}");
        }
    }

    #[test]
    fn the_normal_form_is_given_back() {
        for (written, normal) in [
            ("HTTPS://EXAMPLE.com:443", "https://example.com/"),
            ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
            ("https://example.com/a/../b", "https://example.com/b"),
        ] {
            assert_eq!(check_url(written, false).map(String::from), Ok(normal.to_owned()));
        }
    }

    #[test]
    fn the_switch_allows_this_machine_and_nothing_else() {
        for url in [
            "http://127.0.0.1:9000/",
            "http://localhost:9000/hook",
            "https://localhost/",
            "http://[::1]:9000/",
        ] {
            assert!(check_url(url, true).is_ok(), "{url}");
        }
        for (url, refusal) in [
            ("http://example.com/", Refusal::NotHttps),
            ("http://10.0.0.1/", Refusal::Internal),
            ("http://169.254.169.254/", Refusal::Internal),
            ("http://0.0.0.0/", Refusal::Internal),
            ("http://intranet/", Refusal::Internal),
            ("http://api.localhost/", Refusal::Internal),
            ("http://127.1/", Refusal::NotPlain),
        ] {
            assert_eq!(check_url(url, true), Err(refusal), "{url}");
        }
    }

    #[test]
    fn a_name_is_refused_when_any_of_its_addresses_is_inside() {
        let parse =
            |list: &[&str]| -> Vec<IpAddr> { list.iter().map(|text| text.parse().expect("an address")).collect() };
        for (addresses, allowed, with_switch) in [
            (&["93.184.216.34"][..], true, true),
            (&["93.184.216.34", "2606:2800:220:1::1"], true, true),
            (&["93.184.216.34", "10.0.0.1"], false, false),
            (&["::ffff:169.254.169.254"], false, false),
            (&["127.0.0.1", "::1"], false, true),
            (&["::ffff:127.0.0.1"], false, true),
            (&["127.0.0.1", "192.168.0.1"], false, false),
            (&[], false, false),
        ] {
            let addresses = parse(addresses);
            let resolved = |name, switch| check_resolved(name, &addresses, switch).is_ok();
            assert_eq!(resolved("localhost", false), allowed, "{addresses:?}");
            assert_eq!(resolved("localhost", true), with_switch, "{addresses:?}");
            assert_eq!(
                resolved("example.com", true),
                allowed,
                "only localhost is: {addresses:?}"
            );
        }
    }
}
