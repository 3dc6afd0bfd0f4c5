//! What panics of work inside this process say: the standard hook would write it past the job's redactor.

use std::panic::PanicHookInfo;
use std::sync::{Arc, Mutex, Once, PoisonError};

use super::subscriber::AgentLog;

/// Keeps what panics say. It isn't written at once: the panicking thread may hold the log. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Panics(Arc<Mutex<Vec<String>>>);

impl Panics {
    /// Has panics kept from here on, of threads whose log says where; those of others go where they went.
    pub(crate) fn new() -> Self {
        static HOOKED: Once = Once::new();
        HOOKED.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                if !keep(panic) {
                    before(panic);
                }
            }));
        });
        Self::default()
    }

    /// What was said so far, a line or more each.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn keep(&self, said: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(said);
    }
}

/// Keeps it where the thread's log says, if it says so.
fn keep(panic: &PanicHookInfo<'_>) -> bool {
    tracing::dispatcher::get_default(|log| {
        let panics = log.downcast_ref::<AgentLog>().and_then(AgentLog::panics);
        panics.map(|panics| panics.keep(panic.to_string())).is_some()
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use redkite_process::{Cancel, Context, Signal, Terminal};
    use redkite_shell::{Command, Log, Setup, Shell, Verbosity};

    use super::*;
    use crate::logging::{Colour, Format, Level, Settings, begin_inside};

    #[test]
    fn a_panic_of_any_thread_of_the_work_is_kept_and_is_its_end() {
        let shell = Shell::new(Setup {
            base_env: Vec::new(),
            directory: std::env::temp_dir(),
            log: Log::new(std::io::sink(), std::io::sink(), Vec::new()),
            context: Context::until(&Cancel::new()),
            signal: Signal::TERM,
            grace: Duration::ZERO,
            terminal: Terminal::None,
            verbosity: Verbosity::Normal,
            trace: Default::default(),
        });
        let panics = Panics::new();
        let kept = panics.clone();
        let work = move |inside: redkite_shell::Inside| {
            let format = Format::Text(Colour::Never);
            let settings = Settings { threshold: Level::Notice, format, fields: Vec::new() };
            let _log = begin_inside(settings, inside.output, kept);
            let log = tracing::dispatcher::get_default(Clone::clone);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let _log = tracing::dispatcher::set_default(&log);
                    panic!("a mistake");
                });
            });
            0
        };
        let error = shell.run_inside(&Command::new("self", ["work"]), work, || {}).expect_err("it panics");
        assert_eq!((error.to_string().as_str(), error.code()), ("exit status 101", 101));
        let said = panics.take().join("\n");
        assert!(said.contains("panicked at") && said.contains("a mistake"), "{said}");
    }
}
