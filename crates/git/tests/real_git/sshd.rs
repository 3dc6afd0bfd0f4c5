//! A real `sshd` on a free port of loopback, with keys of its own, for one test.

use crate::bed::Bed;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where distributions put it; it insists on being called by its whole path.
const PLACES: [&str; 3] = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"];
const PATIENCE: Duration = Duration::from_secs(20);

/// It is ended when the test is.
pub(crate) struct Sshd {
    child: Child,
    pub(crate) port: u16,
}

impl Sshd {
    /// Starts one that lets the owner of `home/.ssh/id` in.
    ///
    /// # Panics
    /// When there is no `sshd`: script/test installs it.
    pub(crate) fn start(bed: &Bed) -> Self {
        let program = PLACES.into_iter().find(|place| Path::new(place).exists());
        let program = program.expect("there is no sshd: install openssh-server, as script/test does");
        bed.sh(
            "mkdir -p sshd home/.ssh && chmod 700 home/.ssh && ssh-keygen -q -t ed25519 -N '' -f sshd/host && \
             ssh-keygen -q -t ed25519 -N '' -f home/.ssh/id && cp home/.ssh/id.pub sshd/authorized",
        );
        // Somebody else may take the port in between: then it ends at once, and another one is tried.
        (0..5).find_map(|_| Self::try_start(bed, program)).expect("sshd starts on one of five free ports")
    }

    #[expect(clippy::disallowed_methods, reason = "the server is the test's own child")]
    fn try_start(bed: &Bed, program: &str) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("free").port();
        let at = |name: &str| bed.path(&format!("sshd/{name}")).display().to_string();
        let configuration = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\n\
             UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n",
            at("host"),
            at("authorized")
        );
        std::fs::write(bed.path("sshd/config"), configuration).expect("written");
        if program.starts_with("/usr/sbin") && is_root() {
            // Debian's wants its directory, which its service makes.
            let _ = std::fs::create_dir_all("/run/sshd");
        }
        let log = std::fs::File::create(bed.path("sshd/log")).expect("made");
        let child = Command::new(program)
            .args(["-D", "-e", "-f", &at("config")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("sshd can be started");
        let mut sshd = Self { child, port };
        sshd.listens(bed).then_some(sshd)
    }

    fn listens(&mut self, bed: &Bed) -> bool {
        let end = Instant::now() + PATIENCE;
        loop {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            if self.child.try_wait().expect("it is ours").is_some() {
                return false;
            }
            assert!(Instant::now() < end, "sshd does not listen: {}", bed.sh("cat sshd/log"));
            std::thread::yield_now();
        }
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}
