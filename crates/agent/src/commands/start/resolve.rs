//! From what was typed to what it means for the workers (docs/spec/agent.md §2, §4).

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use redkite_api::{JobId, Token};
use redkite_worker::settings::{
    ApiSettings, BootstrapKind, CheckoutSettings, Colour, ContainerSettings, DatadogSettings, FeatureReport,
    Identity, JobSettings, Lifetime, LogSettings, Permissions, Priority, Settings, SigningSettings,
    StdoutCopy, Timestamps, Timings, TracingSettings,
};
use redkite_worker::tags::{self, FromHost, TagSources};

use super::{Args, clouds, keys, rules, token};
use crate::cli::{Context, Source};
use crate::failure::{Failure, OrFail};

/// The settings of the workers; says what is to be said on the way.
pub(super) fn settings(args: &Args, cx: &Context) -> Result<Settings, Failure> {
    let token = token::resolve(&args.token)?;
    rules::check_words(args)?;
    let on_unverified = rules::on_unverified(args)?;
    let plugins = plugins_enabled(args, cx);
    let override_mode = rules::override_mode(args)?;
    let grace = args.cancel.signal_grace()?;
    rules::check_telemetry(args)?;
    let keys = keys::verification(&args.signing, &cx.environment)?;
    keys::check_signing(&args.signing)?;
    let permissions = Permissions {
        command_eval: !args.permissions.no_command_eval,
        plugins,
        plugin_validation: !args.permissions.no_plugin_validation,
        plugins_always_clone_fresh: args.permissions.plugins_always_clone_fresh,
        local_hooks: !args.permissions.no_local_hooks,
        variables: rules::variables(args)?,
        repositories: rules::patterns(&args.permissions.allowed_repositories, "is allowed-repositories")?,
        plugin_sources: rules::patterns(&args.permissions.allowed_plugins, "in allowed-plugins")?,
        keys: keys.map(Arc::new),
        on_unverified,
    };
    let cancel = rules::cancel(args, grace)?;
    let tags = tags::collect(&tag_sources(args, cx)?).map_err(|error| Failure::Logged(error.to_string()))?;
    make_build_path(args)?;
    let spawn = rules::spawn(args)?;
    Ok(Settings {
        api: api(args, cx, token),
        identity: Identity {
            name: args.identity.name.clone(),
            priority: priority(args, cx),
            tags,
            spawn,
            features: match args.identity.no_feature_reporting {
                true => FeatureReport::Withheld,
                false => FeatureReport::Sent,
            },
            propagation_is_explicit: cx.source("tracing-propagate-traceparent") != Source::Default,
        },
        lifetime: lifetime(args),
        ping_mode: rules::ping_mode(args),
        job: JobSettings {
            bootstrap: bootstrap(args)?,
            bootstrap_kind: match args.bootstrap_script.as_os_str().is_empty() {
                true => BootstrapKind::Own,
                false => BootstrapKind::Script,
            },
            build_path: args.build_path.as_path().into(),
            sockets_path: args.paths.sockets.sockets_path.as_path().into(),
            hooks_path: args.paths.hooks_path.as_path().into(),
            additional_hooks_paths: args.paths.additional_hooks_paths.clone(),
            plugins_path: args.paths.plugins_path.as_path().into(),
            context_dir: context_dir(args),
            bin_path: bin_path()?,
            config_path: cx.config_file.clone().unwrap_or_default(),
            shell: shell(args),
            hooks_shell: args.hooks.hooks_shell.clone(),
            checkout: checkout(args, override_mode),
            permissions,
            cancel,
            log: log(args),
            signing: signing(args),
            tracing: tracing(args),
            redacted_vars: args.redaction.redacted_vars.clone(),
            disable_warnings_for: args.disable_warnings_for.clone(),
            strict_single_hooks: args.strict_single_hooks,
            no_multipart_artifact_upload: args.no_multipart_artifact_upload,
            artifact_upload_concurrency: args.artifact_upload_concurrency,
            containers: args.kubernetes_exec.then(|| containers(args)),
            pty: !args.no_pty && std::env::consts::OS != "windows",
            debug: args.global.diagnostics.debug,
        },
        experiments: cx.experiments.clone(),
        environment: inherited(cx),
        colour: if args.global.no_color { Colour::Off } else { Colour::On },
        health_check_addr: Some(args.log.health_check_addr.clone()).filter(|address| !address.is_empty()),
        datadog: datadog(args),
    })
}

/// Plugins are off, too, where a job could otherwise run what it may not; unless the operator insists.
fn plugins_enabled(args: &Args, cx: &Context) -> bool {
    let permissions = &args.permissions;
    let cause = match (permissions.no_command_eval, permissions.no_local_hooks) {
        (true, _) => "no-command-eval",
        (false, true) => "no-local-hooks",
        (false, false) => return !permissions.no_plugins,
    };
    if cx.source("no-plugins") == Source::Default {
        return false;
    }
    if !permissions.no_plugins {
        tracing::warn!("Plugins are on although {cause} is, because no-plugins is set to false");
    }
    !permissions.no_plugins
}

fn tag_sources(args: &Args, cx: &Context) -> Result<TagSources, Failure> {
    Ok(TagSources {
        from_pod: if args.kubernetes_exec { tags::of_pod(cx.environment.texts()) } else { Vec::new() },
        given: args.tags.tags.clone(),
        from_host: if args.tags.tags_from_host { FromHost::Yes } else { FromHost::No },
        from_clouds: clouds::tags(&args.tags, &cx.environment)?,
        queue: args.tags.queue.clone(),
    })
}

fn make_build_path(args: &Args) -> Result<(), Failure> {
    let Some(path) = args.build_path.path().filter(|path| !path.exists()) else { return Ok(()) };
    tracing::info!("Build path doesn't exist, creating it ({})", path.display());
    std::fs::create_dir_all(path).or_fail("failed to create builds path")
}

fn api(args: &Args, cx: &Context, token: Token) -> ApiSettings {
    let settings = args.endpoint.settings(token, &cx.environment);
    ApiSettings {
        endpoint: settings.endpoint,
        token: settings.token,
        headers: settings.headers,
        http2: settings.http2,
        log: args.traffic.log(),
    }
}

fn priority(args: &Args, cx: &Context) -> Priority {
    match (args.identity.spawn_with_priority, cx.experiment("descending-spawn-priority")) {
        (false, _) => Priority::Fixed(args.identity.priority.clone()),
        (true, false) => Priority::Ascending,
        (true, true) => Priority::Descending,
    }
}

fn lifetime(args: &Args) -> Lifetime {
    let given = &args.lifetime;
    let old = args.without_effect.disconnect_after_job_timeout;
    let idle = if old > 0 { old } else { given.disconnect_after_idle_timeout };
    let acquire = given.acquire_job.as_str();
    Lifetime {
        acquire: (!acquire.is_empty()).then(|| JobId::from(acquire)),
        reflect_exit_status: given.reflect_exit_status,
        after_job: given.disconnect_after_job,
        after_idle: seconds(idle),
        after_uptime: seconds(given.disconnect_after_uptime),
    }
}

fn seconds(seconds: i64) -> Option<Duration> {
    u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs)
}

fn bootstrap(args: &Args) -> Result<Vec<OsString>, Failure> {
    if args.bootstrap_script.as_os_str().is_empty() {
        return Ok(vec![own_program()?.into(), "bootstrap".into()]);
    }
    redkite_shell::split_words(args.bootstrap_script.as_os_str())
        .or_fail("splitting bootstrap-script into words")
}

fn own_program() -> Result<PathBuf, Failure> {
    std::env::current_exe().or_fail("finding this program")
}

fn bin_path() -> Result<PathBuf, Failure> {
    let program = own_program()?;
    Ok(program.parent().map(PathBuf::from).unwrap_or_default())
}

fn shell(args: &Args) -> OsString {
    let given = Some(args.hooks.shell.clone()).filter(|shell| !shell.is_empty());
    given.unwrap_or_else(|| crate::options::default_shell().into())
}

fn checkout(args: &Args, override_mode: redkite_worker::settings::OverrideMode) -> CheckoutSettings {
    let given = &args.checkout;
    let sparse_mode = match given.git_sparse_checkout_mode.as_str() {
        "" => "cone",
        mode => mode,
    };
    CheckoutSettings {
        override_mode,
        attempts: given.checkout_attempts,
        skip: given.skip_checkout,
        skip_fetch_existing: given.git_skip_fetch_existing_commits,
        timeout: given.git_checkout_timeout,
        no_submodules: args.no_git_submodules,
        checkout_flags: given.git_checkout_flags.clone(),
        clone_flags: given.git_clone_flags.clone(),
        fetch_flags: given.git_fetch_flags.clone(),
        clean_flags: given.git_clean_flags.clone(),
        clone_mirror_flags: given.git_clone_mirror_flags.clone(),
        sparse_paths: given.git_sparse_checkout_paths.clone(),
        sparse_mode: sparse_mode.to_owned(),
        mirrors_path: given.git_mirrors_path.as_path().into(),
        mirror_checkout_mode: given.git_mirror_checkout_mode.clone(),
        mirrors_lock_timeout: given.git_mirrors_lock_timeout,
        mirrors_skip_update: given.git_mirrors_skip_update,
        submodule_clone_config: args.git_submodule_clone_config.clone(),
        commit_verification: given.git_commit_verification.clone(),
        ssh_keyscan: !args.no_ssh_keyscan,
    }
}

/// Where files for jobs are laid: in a pod, where all of its containers see them.
fn context_dir(args: &Args) -> PathBuf {
    match (args.job_context_dir.path(), args.kubernetes_exec) {
        (Some(path), _) => path.into(),
        (None, true) => crate::commands::kubernetes_bootstrap::WORKSPACE.into(),
        (None, false) => std::env::temp_dir(),
    }
}

fn containers(args: &Args) -> ContainerSettings {
    let timeout = args.kubernetes_container_start_timeout.as_std();
    ContainerSettings { start_timeout: (!timeout.is_zero()).then_some(timeout) }
}

fn log(args: &Args) -> LogSettings {
    let given = &args.log;
    let folder = || given.job_log_path.path().map_or_else(std::env::temp_dir, PathBuf::from);
    LogSettings {
        timestamps: match (given.no_ansi_timestamps, given.timestamp_lines) {
            (false, _) => Timestamps::Ansi,
            (true, false) => Timestamps::None,
            (true, true) => Timestamps::Lines,
        },
        tmpfile: given.enable_job_log_tmpfile.then(folder),
        stdout: match (given.write_job_logs_to_stdout, given.log_format.as_str()) {
            (false, _) => StdoutCopy::Off,
            (true, "json") => StdoutCopy::Json,
            (true, _) => StdoutCopy::Raw,
        },
        otlp: given.job_logs_otlp,
    }
}

fn signing(args: &Args) -> SigningSettings {
    let given = &args.signing;
    SigningSettings {
        aws_kms_key: given.signing_aws_kms_key.clone(),
        gcp_kms_key: given.signing_gcp_kms_key.clone(),
        jwks_file: given.signing_jwks_file.as_path().into(),
        jwks_key_id: given.signing_jwks_key_id.clone(),
        debug: given.debug_signing,
    }
}

fn tracing(args: &Args) -> TracingSettings {
    let given = &args.telemetry;
    TracingSettings {
        backend: given.tracing_backend.clone(),
        service_name: given.tracing_service_name.clone(),
        propagate: given.tracing_propagate_traceparent,
        context_encoding: given.trace_context_encoding.clone(),
        exporter: None,
    }
}

fn datadog(args: &Args) -> Option<DatadogSettings> {
    let given = &args.telemetry;
    let timings = if given.metrics_datadog_distributions { Timings::Distributions } else { Timings::Plain };
    given.metrics_datadog.then(|| DatadogSettings { host: given.metrics_datadog_host.clone(), timings })
}

/// The agent's variables without those that are its options: hooks and jobs must not see them.
fn inherited(cx: &Context) -> Vec<(OsString, OsString)> {
    let own = |name: &std::ffi::OsStr| cx.own_variables().iter().any(|variable| name == variable.as_str());
    let kept = cx.environment.iter().filter(|(name, _)| !own(name));
    kept.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
