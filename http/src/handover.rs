//! How a listener leaves an address that others listen on too (`SO_REUSEPORT`) without a client noticing.
//!
//! The kernel gives each new connection to one of the listeners, and a listener that closes resets what it was given and has not
//! accepted. So, first, packets that begin a connection are dropped here, by a filter on the socket: the client repeats them
//! after a second, and by then they go to another listener. Then whatever had begun is accepted, and only then the port is closed.

use std::io;
use std::os::fd::AsRawFd;
use std::time::Duration;
use tokio::net::TcpListener;

/// Handshakes that have begun may take this long. Well below the second after which a client repeats its first packet.
pub(crate) const HANDSHAKE_TIME: Duration = Duration::from_millis(500);

/// When nobody came for this long, the kernel's queue is empty.
pub(crate) const QUIET_TIME: Duration = Duration::from_millis(50);

/// Drops packets with SYN and without ACK. The filter sees a packet from its TCP header on; byte 13 holds the flags. Connections that
/// are accepted inherit it, and never see such a packet.
#[cfg(target_os = "linux")]
pub(crate) fn take_no_more_handshakes(listener: &TcpListener) -> io::Result<()> {
    const FLAGS_AT: u32 = 13;
    const SYN: u32 = 0x02;
    const SYN_OR_ACK: u32 = 0x12;
    const WHOLE_PACKET: u32 = u32::MAX;
    let instruction = |code: u32, jt: u8, jf: u8, k: u32| libc::sock_filter { code: code as u16, jt, jf, k };
    let mut program = [
        instruction(libc::BPF_LD | libc::BPF_B | libc::BPF_ABS, 0, 0, FLAGS_AT),
        instruction(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, 0, 0, SYN_OR_ACK),
        instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, SYN),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, 0),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, WHOLE_PACKET),
    ];
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: the descriptor is open for as long as the listener is borrowed; the kernel copies the program during the call.
    let set = unsafe {
        libc::setsockopt(
            listener.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            (&raw const filter).cast(),
            size_of::<libc::sock_fprog>() as libc::socklen_t,
        )
    };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Elsewhere there is no such filter.
#[cfg(not(target_os = "linux"))]
pub(crate) fn take_no_more_handshakes(_listener: &TcpListener) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}
