//! The options of every command: its log, experiments and profiles (docs/spec/cli.md §10, §11).

use crate::cli::Resolved;
use crate::failure::Failure;
use crate::logging::{Colour, Format, Level, Settings};

/// The options that every command has.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct GlobalOptions {
    /// Leave colour out of log lines
    #[arg(long, env = "BUILDKITE_AGENT_NO_COLOR")]
    pub(crate) no_color: bool,

    #[command(flatten)]
    pub(crate) diagnostics: DiagnosticOptions,
}

/// The options of every command, `bootstrap` included, which always logs in colour.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DiagnosticOptions {
    /// Log everything, whatever the log level is
    #[arg(long, env = "BUILDKITE_AGENT_DEBUG")]
    pub(crate) debug: bool,

    /// The lowest level that is logged: debug, notice, info, warn, error or fatal
    #[arg(long, env = "BUILDKITE_AGENT_LOG_LEVEL", default_value = "notice")]
    pub(crate) log_level: String,

    /// Names of experiments to switch on
    #[arg(long, env = "BUILDKITE_AGENT_EXPERIMENT", value_delimiter = ',')]
    pub(crate) experiment: Vec<String>,

    /// Profile of this run: cpu, mem, memory, mutex, block, thread or trace. Accepted, but none is written: tools like perf
    /// see this program from outside
    #[arg(long, env = "BUILDKITE_AGENT_PROFILE")]
    pub(crate) profile: String,
}

/// Has a command's log begun as its options say.
pub(crate) fn start_logging(command: &str, options: &Resolved, begin: impl FnOnce(Settings)) {
    let debug = options.is_set("debug");
    let level = options.text("log-level");
    let parsed = Level::parse(&level);
    let threshold = if debug { Level::Debug } else { parsed.unwrap_or(Level::Notice) };
    let colour = if options.is_set("no-color") { Colour::Never } else { Colour::Always };
    let fields = if debug { vec![("command".to_owned(), command.to_owned())] } else { Vec::new() };
    let format = match &*options.text("log-format") {
        "json" => Format::Json,
        _ => Format::Text(colour),
    };
    begin(Settings { threshold, format, fields });
    if parsed.is_none() && !debug && !level.is_empty() {
        tracing::warn!(
            "Error when setting log level: invalid log level: {level}. \
             Valid levels are: [DEBUG NOTICE INFO WARN ERROR FATAL]. Defaulting log level to NOTICE"
        );
    }
}

/// What became of an experiment that is none any more.
const PROMOTED: &[(&str, &str)] = &[
    ("ansi-timestamps", "v3.48.0"),
    ("avoid-recursive-trap", "v3.66.0"),
    ("flock-file-locks", "v3.48.0"),
    ("git-mirrors", "v3.47.0"),
    ("inbuilt-status-page", "v3.48.0"),
    ("isolated-plugin-checkout", "v3.67.0"),
    ("job-api", "v3.64.0"),
    ("kubernetes-exec", "v3.74.0"),
    ("polyglot-hooks", "v3.85.0"),
    ("use-zzglob", "v3.104.0"),
];

const KNOWN: &[&str] = &[
    "agent-api",
    "allow-artifact-path-traversal",
    "descending-spawn-priority",
    "interpolation-prefers-runtime-env",
    "normalised-upload-paths",
    "override-zero-exit-on-cancel",
    "propagate-agent-config-vars",
    "pty-raw",
    "resolve-commit-after-checkout",
    "zip-plugins",
];

/// The profiles of the reference, and the programs that show the same of this one from outside.
const PROFILES: &[(&str, &str)] = &[
    ("cpu", "perf record -g -p PID shows where its time goes"),
    ("mem", "heaptrack -p PID shows what takes its memory"),
    ("memory", "heaptrack -p PID shows what takes its memory"),
    ("mutex", "perf trace -s -e futex -p PID shows where its threads wait for each other"),
    ("block", "strace -f -T -p PID shows where its threads wait"),
    ("thread", "strace -f -e trace=process -p PID shows which threads and processes it starts"),
    ("trace", "strace -f -tt -p PID shows what it does when"),
];

/// Whether there is such an experiment.
pub(crate) fn is_known_experiment(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// The experiments that were asked for, after a word about those that are stable or unknown; and a profile that
/// doesn't exist ends the command.
pub(crate) fn experiments(options: &Resolved) -> Result<Vec<String>, Failure> {
    let names = options.items("experiment");
    for name in &names {
        if let Some((_, version)) = PROMOTED.iter().find(|(promoted, _)| promoted == name) {
            tracing::warn!(
                "The {name} experiment has been stable since {version}: the option is no longer needed"
            );
        } else if is_known_experiment(name) {
            tracing::debug!("Enabled experiment \"{name}\"");
        } else {
            tracing::warn!("Unknown experiment \"{name}\"");
        }
    }
    check_profile(&options.text("profile"))?;
    Ok(names)
}

/// The reference writes profiles that its language's tools read. There are none of this program, and it says so.
fn check_profile(mode: &str) -> Result<(), Failure> {
    if mode.is_empty() {
        return Ok(());
    }
    let known = PROFILES.iter().find(|(name, _)| *name == mode);
    let Some((_, instead)) = known else {
        return Err(Failure::Logged(format!("Unknown profile mode \"{mode}\"")));
    };
    let instead = instead.replace("PID", &std::process::id().to_string());
    tracing::warn!("--profile {mode} has no effect: this agent writes no profiles; on Linux, {instead}");
    Ok(())
}
