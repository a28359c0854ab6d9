//! Connections whose other end may vanish without a word: the system finds out, and ends them.

use std::{io, time::Duration};

use rustix::net::sockopt;
use tokio::net::TcpStream;

/// How long the other end may leave what we sent, or what the system asks in a pause, unacknowledged.
const MOST_UNACKNOWLEDGED: Duration = Duration::from_secs(30);
/// How long a connection rests before the system asks whether the other end is still there.
const ASK_AFTER: Duration = Duration::from_secs(15);
/// How long until it asks again.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Lets the system end `stream` when the other end has been gone for 30 seconds, whether it rests or sends.
pub(crate) fn watch(stream: &TcpStream) -> io::Result<()> {
    let unanswered =
        MOST_UNACKNOWLEDGED.saturating_sub(ASK_AFTER).as_secs() / ASK_AGAIN_AFTER.as_secs();
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, ASK_AFTER)?;
    sockopt::set_tcp_keepintvl(stream, ASK_AGAIN_AFTER)?;
    sockopt::set_tcp_keepcnt(stream, u32::try_from(unanswered).unwrap_or(1))?;
    #[cfg(target_os = "linux")]
    {
        let most_ms = u32::try_from(MOST_UNACKNOWLEDGED.as_millis()).unwrap_or(u32::MAX);
        sockopt::set_tcp_user_timeout(stream, most_ms)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    #[expect(
        clippy::disallowed_methods,
        reason = "a connection to ourselves, to look at its options"
    )]
    async fn whoever_vanishes_is_missed_within_thirty_seconds() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        watch(&stream).unwrap();
        assert!(sockopt::socket_keepalive(&stream).unwrap());
        let resting = sockopt::tcp_keepidle(&stream).unwrap()
            + sockopt::tcp_keepintvl(&stream).unwrap() * sockopt::tcp_keepcnt(&stream).unwrap();
        assert_eq!(resting, MOST_UNACKNOWLEDGED);
        #[cfg(target_os = "linux")]
        assert_eq!(sockopt::tcp_user_timeout(&stream).unwrap(), 30_000);
    }
}
