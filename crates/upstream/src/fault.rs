//! What went wrong on the way to a provider and back, as the one error a request ends with.
//!
//! `public` is a sentence without addresses or anything that was sent; the details go to `source`, for the log.

use std::{error::Error, io};

use canonical::{ErrorKind, Fault, Retry};

use crate::{connector::ConnectError, guard::Barred};

/// The fault of a request that got no answer's head.
pub(crate) fn of_head(error: &hyper_util::client::legacy::Error) -> Fault {
    if let Some(error) = cause::<ConnectError>(error) {
        return of_connect(error);
    }
    let fault = match cause::<hyper::Error>(error) {
        Some(error) if error.is_parse_too_large() => large_head(),
        Some(error) if error.is_parse() => {
            Fault::new(ErrorKind::Malformed, "the provider's answer is not HTTP/1.1")
        }
        Some(_) | None => Fault::new(
            ErrorKind::UpstreamFailed,
            "the provider closed the connection without answering",
        ),
    };
    fault.with_source(chain(error))
}

/// The fault of an answer with too many or too long headers.
pub(crate) fn large_head() -> Fault {
    Fault::new(ErrorKind::Malformed, "the provider's answer has too large a head")
}

/// The fault of a body that did not come to its end.
pub(crate) fn of_body(error: &hyper::Error) -> Fault {
    // Hyper reports framing that makes no sense as an I/O error of these kinds.
    let misframed = cause::<io::Error>(error).is_some_and(|error| {
        matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData)
    });
    let fault = if misframed || error.is_parse() {
        Fault::new(ErrorKind::Malformed, "the provider's answer breaks the rules of HTTP/1.1")
    } else {
        Fault::new(ErrorKind::Truncated, "the provider's answer broke off before its end")
    };
    fault.with_source(chain(error))
}

fn of_connect(error: &ConnectError) -> Fault {
    let (sentence, retry) = match error {
        ConnectError::Lookup(_) | ConnectError::NoAddress => (
            "the host of the provider's base_url has no address: check its spelling and the name server",
            Retry::SameProvider,
        ),
        ConnectError::Barred(Barred::NeedsLocal(_)) => (
            "the provider's base_url leads to a local address: set network: local to allow it",
            Retry::NextCandidate,
        ),
        ConnectError::Barred(Barred::Never(_)) => (
            "the provider's base_url leads to an address that is never reachable: change base_url",
            Retry::NextCandidate,
        ),
        ConnectError::Barred(Barred::Own(_)) => (
            "the provider's base_url leads back to this gateway: change base_url",
            Retry::NextCandidate,
        ),
        ConnectError::NoTls(_) => (
            "this machine trusts no certificate authority: install its CA certificates or set SSL_CERT_FILE",
            Retry::NextCandidate,
        ),
        ConnectError::Tls(error)
            if cause_in::<rustls::Error>(error).is_some_and(is_certificate) =>
        {
            (
                "the provider's TLS certificate is not valid for base_url: check the host and who issued it",
                Retry::NextCandidate,
            )
        }
        ConnectError::Tls(_) => (
            "the TLS handshake with the provider failed: check that base_url's port speaks https",
            Retry::SameProvider,
        ),
        ConnectError::Dial(error) if error.kind() == io::ErrorKind::ConnectionRefused => (
            "the provider refused the connection: check that it runs where base_url says",
            Retry::SameProvider,
        ),
        ConnectError::Dial(_) | ConnectError::Abandoned => (
            "the provider could not be reached: check base_url and the network",
            Retry::SameProvider,
        ),
        ConnectError::WrongOrigin(_) | ConnectError::WrongPeer => (
            "the connection did not lead where base_url says, so nothing was sent",
            Retry::NextCandidate,
        ),
    };
    Fault { retry, ..Fault::new(ErrorKind::Unreachable, sentence).with_source(error) }
}

fn is_certificate(error: &rustls::Error) -> bool {
    // The other kind is what our own verifier says.
    matches!(error, rustls::Error::InvalidCertificate(_) | rustls::Error::Other(_))
}

/// The first cause of `error` that is an `E`.
fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(<dyn Error>::downcast_ref)
}

/// Like [`cause`], but begins with what an I/O error wraps, which is not among its sources.
fn cause_in<E: Error + 'static>(error: &io::Error) -> Option<&E> {
    cause(error.get_ref()?)
}

/// Every cause, outermost first.
fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
