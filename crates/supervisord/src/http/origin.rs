//! Requests that another site makes a browser send.
//!
//! The original obeys them: a page anywhere that its user looks at can stop every program. What a browser says about the
//! origin of a request cannot be forged by a page; who is no browser says nothing and is believed.

use hyper::header::{HOST, HeaderMap, HeaderName, ORIGIN, REFERER};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Set by a proxy that replaces `Host`. A page cannot add it without asking first, which we never grant.
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Whether another site sent this.
pub(crate) fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    // The browser's own judgement comes first. It is absent where the page was loaded without TLS.
    if let Some(site) = text(&SEC_FETCH_SITE) {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(&ORIGIN).or_else(|| text(&REFERER)) else { return false };
    let Some(origin) = host_of(origin) else { return true };
    ![HOST, FORWARDED_HOST]
        .iter()
        .filter_map(text)
        .any(|host| without_port(host, origin.1).eq_ignore_ascii_case(without_port(origin.0, origin.1)))
}

/// Host with port, and the scheme's own port. `None` for the opaque origin `null`.
fn host_of(url: &str) -> Option<(&str, &'static str)> {
    let (scheme, rest) = url.split_once("://")?;
    let port = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
    let host = rest.split(['/', '?', '#']).next()?;
    // What stands before an @ is no host.
    let host = host.rsplit('@').next()?;
    (!host.is_empty()).then_some((host, port))
}

/// The scheme's own port may be written or not.
fn without_port<'a>(host: &'a str, port: &str) -> &'a str {
    host.strip_suffix(port).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn foreign(headers: &[(&'static str, &'static str)]) -> bool {
        let map: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        is_foreign(&map)
    }

    #[test]
    fn who_is_no_browser_is_believed() {
        assert!(!foreign(&[]));
        assert!(!foreign(&[("host", "a:9001")]));
    }

    #[test]
    fn the_browsers_judgement_comes_first() {
        assert!(foreign(&[("host", "a"), ("sec-fetch-site", "cross-site")]));
        assert!(foreign(&[("host", "a"), ("sec-fetch-site", "same-site")]));
        assert!(!foreign(&[("host", "a"), ("sec-fetch-site", "none")]));
        assert!(!foreign(&[
            ("host", "inner"),
            ("sec-fetch-site", "same-origin"),
            ("origin", "https://outer")
        ]));
    }

    #[test]
    fn the_origin_must_be_the_host() {
        assert!(!foreign(&[("host", "a:9001"), ("origin", "http://a:9001")]));
        assert!(!foreign(&[("host", "A"), ("origin", "http://a:80")]));
        assert!(!foreign(&[("host", "[::1]:9001"), ("origin", "http://[::1]:9001")]));
        assert!(foreign(&[("host", "a:9001"), ("origin", "http://a:9002")]));
        assert!(foreign(&[("host", "a:9001"), ("origin", "http://evil")]));
        assert!(foreign(&[("host", "a:9001"), ("origin", "http://a:9001@evil")]));
        assert!(foreign(&[("host", "a:9001"), ("origin", "null")]));
        assert!(foreign(&[("origin", "http://a:9001")]));
    }

    #[test]
    fn a_proxy_may_name_the_outer_host() {
        assert!(!foreign(&[("host", "inner"), ("x-forwarded-host", "outer"), ("origin", "https://outer")]));
    }

    #[test]
    fn a_link_tells_where_it_stands() {
        assert!(foreign(&[("host", "a:9001"), ("referer", "http://evil/page?x=http://a:9001/")]));
        assert!(!foreign(&[("host", "a:9001"), ("referer", "http://a:9001/index.html?action=refresh")]));
    }
}
