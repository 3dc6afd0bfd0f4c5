//! Plugins from real git repositories, in a directory of their own.
#![cfg(unix)]

use redkite_hooks::HookName;
use redkite_plugin::{
    Archives, CheckoutSettings, LoadedPlugin, PluginError, Validation, check_out, find_vendored, parse,
};
use redkite_process::{Cancel, Context, Signal, Terminal};
use redkite_shell::{Command, Display, Log, Setup, Shell, Verbosity};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics in it").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A sealed place with one plugin, `tidy-buildkite-plugin`, at `v1` and later.
struct Bed {
    root: tempfile::TempDir,
    shell: Shell,
    cancel: Cancel,
    lines: Shared,
}

const MAKE_PLUGIN: &str = "
    mkdir home plugins && git init -q -b main tidy-buildkite-plugin && cd tidy-buildkite-plugin
    mkdir -p hooks sub/hooks && echo echo 1 > hooks/pre-command && echo echo sub > sub/hooks/pre-exit
    printf 'name: Tidy\\nrequirements: [sh]\\nconfiguration:\\n  required: [level]\\n' > plugin.yml
    git add . && git commit -qm first && git tag v1 && echo echo 2 > hooks/pre-command && git commit -qam second
";

impl Bed {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a directory");
        let (lines, cancel) = (Shared::default(), Cancel::new());
        let home = root.path().join("home").to_string_lossy().into_owned();
        let variables = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("HOME", home.as_str()),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "Test"),
            ("GIT_AUTHOR_EMAIL", "test@example.com"),
            ("GIT_COMMITTER_NAME", "Test"),
            ("GIT_COMMITTER_EMAIL", "test@example.com"),
        ];
        let shell = Shell::new(Setup {
            base_env: variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            directory: root.path().to_path_buf(),
            log: Log::new(lines.clone(), io::sink(), Vec::new()),
            context: Context::until(&cancel),
            signal: Signal::TERM,
            grace: Duration::from_secs(30),
            terminal: Terminal::None,
            verbosity: Verbosity::Debug,
            trace: Default::default(),
        });
        let bed = Self { root, shell, cancel, lines };
        bed.sh(MAKE_PLUGIN);
        bed
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn sh(&self, script: &str) -> String {
        let command = Command::new("sh", ["-ec", script]).display(Display::Never);
        self.shell.capture(&command).expect("the script succeeds")
    }

    fn settings(&self) -> CheckoutSettings {
        CheckoutSettings {
            plugins_path: self.path("plugins"),
            agent_name: "agent 1".into(),
            always_fresh: false,
            submodules: true,
            keyscan_home: None,
            validation: Validation::Off,
            archives: Archives::Refused,
        }
    }

    /// Gets the plugins of a list in which `PLUGIN` stands for the plugin's repository.
    fn check_out(&self, list: &str, settings: &CheckoutSettings) -> Result<Vec<LoadedPlugin>, PluginError> {
        self.lines.0.lock().expect("no test panics in it").clear();
        let plugin = format!("file://{}", self.path("tidy-buildkite-plugin").display());
        let plugins = parse(&list.replace("PLUGIN", &plugin)).expect("it is a list");
        check_out(&self.shell, &plugins, settings, &mut Vec::new())
    }

    fn log(&self) -> String {
        String::from_utf8(self.lines.0.lock().expect("no test panics in it").clone()).expect("logs are text")
    }
}

fn hook(plugin: &LoadedPlugin, name: HookName) -> String {
    std::fs::read_to_string(plugin.hook(name).expect("it has one")).expect("it can be read")
}

#[test]
fn each_version_is_checked_out_once() {
    let bed = Bed::new();
    let list = r##"[{"PLUGIN#v1": {"a": 1}}, "PLUGIN", {"PLUGIN#v1": {"a": 2}}, "./vendored"]"##;
    let loaded = bed.check_out(list, &bed.settings()).expect("they can be had");
    let hooks: Vec<_> = loaded.iter().map(|plugin| hook(plugin, HookName::PreCommand)).collect();
    assert_eq!(hooks, ["echo 1\n", "echo 2\n", "echo 1\n"]);
    let variables = loaded[2].announce_variables(bed.shell.log());
    assert!(variables.contains(&("BUILDKITE_PLUGIN_TIDY_A".into(), "2".into())), "{variables:?}");
    let log = bed.log();
    assert_eq!(log.matches("git clone -v --recursive -- ").count(), 2, "{log}");
    assert_eq!(bed.shell.directory(), bed.path(""), "the shell is back where it was");
    assert_eq!(bed.sh("ls plugins"), "agent 1", "nothing temporary is left");
}

#[test]
fn a_copy_is_kept_unless_it_must_be_fresh() {
    let bed = Bed::new();
    let loaded = bed.check_out(r#"["PLUGIN"]"#, &bed.settings()).expect("it can be had");
    bed.sh("cd tidy-buildkite-plugin && echo echo 3 > hooks/pre-command && git commit -qam third");
    bed.check_out(r#"["PLUGIN"]"#, &bed.settings()).expect("it is there");
    assert!(bed.log().contains("already checked out ("), "{}", bed.log());
    assert_eq!(hook(&loaded[0], HookName::PreCommand), "echo 2\n");
    let fresh = CheckoutSettings { always_fresh: true, ..bed.settings() };
    bed.check_out(r#"["PLUGIN"]"#, &fresh).expect("it can be had again");
    assert_eq!(hook(&loaded[0], HookName::PreCommand), "echo 3\n");
}

#[test]
fn a_folder_of_a_repository_is_a_plugin() {
    let bed = Bed::new();
    bed.sh("mv tidy-buildkite-plugin mono.git");
    let list = format!(r#"["file://{}/sub"]"#, bed.path("mono.git").display());
    let loaded = bed.check_out(&list, &bed.settings()).expect("it can be had");
    assert_eq!(hook(&loaded[0], HookName::PreExit), "echo sub\n");
    assert!(loaded[0].hook(HookName::PreCommand).is_none());
}

#[test]
fn what_cannot_be_had_fails_the_job() {
    let bed = Bed::new();
    let check = |list: &str, settings: &CheckoutSettings, status: i32, says: &str| {
        let error = bed.check_out(list, settings).expect_err(list);
        assert_eq!(error.exit_status(), status, "{error}");
        assert!(error.to_string().contains(says), "{error}");
    };
    check(r##"["PLUGIN#v9"]"##, &bed.settings(), 1, "failed to checkout plugin tidy: exit status 1");
    assert_eq!(bed.sh("find plugins -mindepth 2"), "", "nothing is left of it");
    check(r#"["zip+file:///x.zip"]"#, &bed.settings(), 1, "experiment");
    check(r#"["docker"]"#, &bed.settings(), 1, "incomplete plugin path \"docker\"");
    let nowhere = CheckoutSettings { plugins_path: PathBuf::new(), ..bed.settings() };
    check(r#"["PLUGIN"]"#, &nowhere, 1, "plugins-path");
    bed.sh("cd tidy-buildkite-plugin && git rm -rq hooks && git commit -qm bare");
    check(r#"["PLUGIN"]"#, &bed.settings(), 1, "\"hooks\" was not a directory within the \"tidy\" plugin");
}

#[test]
fn a_cancelled_job_clones_nothing() {
    let bed = Bed::new();
    bed.cancel.cancel();
    let error = bed.check_out(r#"["PLUGIN"]"#, &bed.settings()).expect_err("it is cancelled");
    assert!(error.to_string().contains("context canceled"), "{error}");
}

#[test]
fn configurations_are_checked_when_that_is_wanted() {
    let bed = Bed::new();
    let settings = CheckoutSettings { validation: Validation::On, ..bed.settings() };
    bed.check_out(r#"[{"PLUGIN": {"level": 1}}]"#, &settings).expect("it fits");
    assert!(bed.log().contains("Valid plugin configuration for \"tidy\""));
    let error = bed.check_out(r#"[{"PLUGIN": {"depth": 1}}]"#, &settings).expect_err("it does not");
    assert!(error.to_string().contains("\"level\" value is required"), "{error}");
    assert!(bed.log().contains("~~~ Plugin validation failed for \"tidy\""));
}

#[test]
fn vendored_plugins_lie_in_the_repository() {
    let bed = Bed::new();
    bed.sh("mkdir -p repo/near/hooks repo/half outside/hooks && ln -s ../outside repo/out");
    let find = |list: &str| {
        let plugins = parse(list).expect("it is a list");
        find_vendored(&bed.shell, &plugins, &bed.path("repo"), Validation::Off)
            .map_err(|error| error.to_string())
    };
    assert_eq!(find(r##"["./near#v1", "/elsewhere"]"##).expect("it is there").len(), 1);
    assert!(find(r#"["./none"]"#).expect_err("no folder").contains("vendored plugin path \"./none\""));
    assert!(find(r#"["./half"]"#).expect_err("no hooks").contains("vendored plugin hooks path"));
    assert!(find(r#"["../outside"]"#).is_err() && find(r#"["./out"]"#).is_err());
}

/// The folder of all plugins is nobody's copy: it is neither replaced nor removed.
#[test]
fn a_plugin_without_a_name_takes_no_directory() {
    let bed = Bed::new();
    bed.check_out(r#"["PLUGIN#v1"]"#, &bed.settings()).expect("it can be had");
    let settings = CheckoutSettings { archives: Archives::Allowed, always_fresh: true, ..bed.settings() };
    for list in [r#"["zip+file:x.zip"]"#, r#"["zip+https://-/_"]"#, r#"["https://-/_"]"#] {
        let error = bed.check_out(list, &settings).expect_err("it has no name");
        assert!(error.to_string().ends_with(": missing plugin location"), "{list}: {error}");
    }
    assert_eq!(bed.sh("ls 'plugins/agent 1' | wc -l").trim(), "1");
}
