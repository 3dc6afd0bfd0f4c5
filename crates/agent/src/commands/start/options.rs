//! The options of `start` that it shares with no other command, by subject (docs/spec/agent.md §4).

use std::ffi::OsString;

use crate::cli::{Deprecation, FilePath, GoDuration};
use crate::options::default_shell;

/// What the agents are.
#[derive(Debug, clap::Args)]
pub(super) struct IdentityOptions {
    /// Name of the agents; %spawn is an agent's number, other placeholders are the service's
    #[arg(long, env = "BUILDKITE_AGENT_NAME")]
    pub(super) name: String,

    /// Jobs go to agents of higher priority first
    #[arg(long, env = "BUILDKITE_AGENT_PRIORITY")]
    pub(super) priority: String,

    /// How many agents this process runs
    #[arg(long, env = "BUILDKITE_AGENT_SPAWN", default_value_t = 1)]
    pub(super) spawn: i64,

    /// How many agents this process runs for each processor
    #[arg(long, env = "BUILDKITE_AGENT_SPAWN_PER_CPU", default_value_t = 0)]
    pub(super) spawn_per_cpu: i64,

    /// Give each agent its number as priority
    #[arg(long, env = "BUILDKITE_AGENT_SPAWN_WITH_PRIORITY")]
    pub(super) spawn_with_priority: bool,

    /// Don't tell the service which features are on
    #[arg(long, env = "BUILDKITE_AGENT_NO_FEATURE_REPORTING")]
    pub(super) no_feature_reporting: bool,
}

/// When the agents end.
#[derive(Debug, clap::Args)]
pub(super) struct LifetimeOptions {
    /// ID of the one job to run
    #[arg(long, env = "BUILDKITE_AGENT_ACQUIRE_JOB")]
    pub(super) acquire_job: String,

    /// End with the status of the acquired job
    #[arg(long, env = "BUILDKITE_AGENT_REFLECT_EXIT_STATUS")]
    pub(super) reflect_exit_status: bool,

    /// End after one job
    #[arg(long, env = "BUILDKITE_AGENT_DISCONNECT_AFTER_JOB")]
    pub(super) disconnect_after_job: bool,

    /// End after so many seconds without a job; 0 for never
    #[arg(long, env = "BUILDKITE_AGENT_DISCONNECT_AFTER_IDLE_TIMEOUT", default_value_t = 0)]
    pub(super) disconnect_after_idle_timeout: i64,

    /// End after so many seconds, when no job runs; 0 for never
    #[arg(long, env = "BUILDKITE_AGENT_DISCONNECT_AFTER_UPTIME", default_value_t = 0)]
    pub(super) disconnect_after_uptime: i64,
}

/// What becomes of logs: the agent's own and those of jobs.
#[derive(Debug, clap::Args)]
pub(super) struct LogOptions {
    /// Form of the agent's log: text, on standard error, or json, on standard output
    #[arg(long, env = "BUILDKITE_LOG_FORMAT", default_value = "text")]
    pub(super) log_format: String,

    /// Keep the running job's log in a file that the job can read
    #[arg(long, env = "BUILDKITE_ENABLE_JOB_LOG_TMPFILE")]
    pub(super) enable_job_log_tmpfile: bool,

    /// Folder of that file
    #[arg(long, env = "BUILDKITE_JOB_LOG_PATH")]
    pub(super) job_log_path: FilePath,

    /// Write the output of jobs to standard output, too
    #[arg(long, env = "BUILDKITE_WRITE_JOB_LOGS_TO_STDOUT")]
    pub(super) write_job_logs_to_stdout: bool,

    /// Export the output of jobs as OpenTelemetry log records
    #[arg(long, env = "BUILDKITE_JOB_LOGS_OTLP")]
    pub(super) job_logs_otlp: bool,

    /// Put no time codes into the logs of jobs
    #[arg(long, env = "BUILDKITE_NO_ANSI_TIMESTAMPS")]
    pub(super) no_ansi_timestamps: bool,

    /// Put readable times before the lines of jobs' logs, when there are no time codes
    #[arg(long, env = "BUILDKITE_TIMESTAMP_LINES")]
    pub(super) timestamp_lines: bool,

    /// Address (host:port) on which to answer questions about health and status
    #[arg(long, env = "BUILDKITE_AGENT_HEALTH_CHECK_ADDR")]
    pub(super) health_check_addr: String,
}

/// The shells of jobs.
#[derive(Debug, clap::Args)]
pub(super) struct HookOptions {
    /// Shell that runs commands, with its arguments
    #[arg(long, env = "BUILDKITE_SHELL", default_value = default_shell())]
    pub(super) shell: OsString,

    /// Shell that runs hooks, with its arguments; empty for the one that each hook names
    #[arg(long, env = "BUILDKITE_HOOKS_SHELL")]
    pub(super) hooks_shell: OsString,
}

/// What the agents offer.
#[derive(Debug, clap::Args)]
pub(super) struct TagOptions {
    /// Queue whose jobs the agents run
    #[arg(long, env = "BUILDKITE_AGENT_QUEUE")]
    pub(super) queue: String,

    /// Tags (key=value) of the agents
    #[arg(long, env = "BUILDKITE_AGENT_TAGS", value_delimiter = ',')]
    pub(super) tags: Vec<String>,

    /// Add tags for host name, system, processor and machine
    #[arg(long, env = "BUILDKITE_AGENT_TAGS_FROM_HOST")]
    pub(super) tags_from_host: bool,

    /// Add tags for the EC2 instance
    #[arg(long, env = "BUILDKITE_AGENT_TAGS_FROM_EC2_META_DATA")]
    pub(super) tags_from_ec2_meta_data: bool,

    /// Add tags (tag=path) from EC2 meta-data
    #[arg(long, env = "BUILDKITE_AGENT_TAGS_FROM_EC2_META_DATA_PATHS", value_delimiter = ',')]
    pub(super) tags_from_ec2_meta_data_paths: Vec<String>,

    /// Add the EC2 instance's own tags
    #[arg(long, env = "BUILDKITE_AGENT_TAGS_FROM_EC2_TAGS")]
    pub(super) tags_from_ec2_tags: bool,

    /// Add tags for the ECS task
    #[arg(long, env = "BUILDKITE_AGENT_TAGS_FROM_ECS_META_DATA")]
    pub(super) tags_from_ecs_meta_data: bool,

    /// Add tags for the GCP instance: true or false
    #[arg(long, env = "BUILDKITE_AGENT_TAGS_FROM_GCP_META_DATA")]
    pub(super) tags_from_gcp_meta_data: Vec<String>,

    /// Add tags (tag=path) from GCP meta-data
    #[arg(long, env = "BUILDKITE_AGENT_TAGS_FROM_GCP_META_DATA_PATHS", value_delimiter = ',')]
    pub(super) tags_from_gcp_meta_data_paths: Vec<String>,

    /// Add the GCP instance's labels
    #[arg(long, env = "BUILDKITE_AGENT_TAGS_FROM_GCP_LABELS")]
    pub(super) tags_from_gcp_labels: bool,

    /// How long to try to read EC2 tags
    #[arg(long, env = "BUILDKITE_AGENT_WAIT_FOR_EC2_TAGS_TIMEOUT", default_value = "10s")]
    pub(super) wait_for_ec2_tags_timeout: GoDuration,

    /// How long to try to read EC2 meta-data
    #[arg(long, env = "BUILDKITE_AGENT_WAIT_FOR_EC2_META_DATA_TIMEOUT", default_value = "10s")]
    pub(super) wait_for_ec2_meta_data_timeout: GoDuration,

    /// How long to try to read ECS meta-data
    #[arg(long, env = "BUILDKITE_AGENT_WAIT_FOR_ECS_META_DATA_TIMEOUT", default_value = "10s")]
    pub(super) wait_for_ecs_meta_data_timeout: GoDuration,

    /// How long to try to read GCP labels
    #[arg(long, env = "BUILDKITE_AGENT_WAIT_FOR_GCP_LABELS_TIMEOUT", default_value = "10s")]
    pub(super) wait_for_gcp_labels_timeout: GoDuration,

    /// Don't start when a cloud's tags can't be had
    #[arg(long, env = "BUILDKITE_AGENT_FAIL_ON_MISSING_TAGS")]
    pub(super) fail_on_missing_tags: bool,
}

/// What jobs may do, and which are run.
#[derive(Debug, clap::Args)]
pub(super) struct PermissionOptions {
    /// Run only scripts of the repository, no other commands
    #[arg(long, env = "BUILDKITE_NO_COMMAND_EVAL")]
    pub(super) no_command_eval: bool,

    /// Load no plugins
    #[arg(long, env = "BUILDKITE_NO_PLUGINS")]
    pub(super) no_plugins: bool,

    /// Don't check plugins' configurations
    #[arg(long, env = "BUILDKITE_NO_PLUGIN_VALIDATION", default_value = "true")]
    pub(super) no_plugin_validation: bool,

    /// Clone plugins for every job
    #[arg(long, env = "BUILDKITE_PLUGINS_ALWAYS_CLONE_FRESH")]
    pub(super) plugins_always_clone_fresh: bool,

    /// Run no hooks of repositories
    #[arg(long, env = "BUILDKITE_NO_LOCAL_HOOKS")]
    pub(super) no_local_hooks: bool,

    /// Patterns of repositories whose jobs are run
    #[arg(long, env = "BUILDKITE_ALLOWED_REPOSITORIES", value_delimiter = ',')]
    pub(super) allowed_repositories: Vec<String>,

    /// Run only jobs whose variables are allowed
    #[arg(long, env = "BUILDKITE_ENABLE_ENVIRONMENT_VARIABLE_ALLOWLIST")]
    pub(super) enable_environment_variable_allowlist: bool,

    /// Patterns of the names of further allowed variables
    #[arg(long, env = "BUILDKITE_ALLOWED_ENVIRONMENT_VARIABLES", value_delimiter = ',')]
    pub(super) allowed_environment_variables: Vec<String>,

    /// Patterns of plugins that jobs may use
    #[arg(long, env = "BUILDKITE_ALLOWED_PLUGINS", value_delimiter = ',')]
    pub(super) allowed_plugins: Vec<String>,
}

/// Metrics and traces.
#[derive(Debug, clap::Args)]
pub(super) struct TelemetryOptions {
    /// Send metrics to a Datadog agent
    #[arg(long, env = "BUILDKITE_METRICS_DATADOG")]
    pub(super) metrics_datadog: bool,

    /// Address of the Datadog agent
    #[arg(long, env = "BUILDKITE_METRICS_DATADOG_HOST", default_value = "127.0.0.1:8125")]
    pub(super) metrics_datadog_host: String,

    /// Send timings as distributions
    #[arg(long, env = "BUILDKITE_METRICS_DATADOG_DISTRIBUTIONS")]
    pub(super) metrics_datadog_distributions: bool,

    /// How jobs are traced: not at all, datadog or opentelemetry
    #[arg(long, env = "BUILDKITE_TRACING_BACKEND")]
    pub(super) tracing_backend: String,

    /// Put the traces of jobs below those of the service
    #[arg(long, env = "BUILDKITE_TRACING_PROPAGATE_TRACEPARENT")]
    pub(super) tracing_propagate_traceparent: bool,

    /// Name of the service in traces
    #[arg(long, env = "BUILDKITE_TRACING_SERVICE_NAME", default_value = "buildkite-agent")]
    pub(super) tracing_service_name: String,

    /// How trace contexts are written: gob or json
    #[arg(long, env = "BUILDKITE_TRACE_CONTEXT_ENCODING", default_value = "gob")]
    pub(super) trace_context_encoding: String,
}

/// Keys of signatures.
#[derive(Debug, clap::Args)]
pub(super) struct SigningOptions {
    /// File of the keys that jobs are verified with
    #[arg(long, env = "BUILDKITE_AGENT_VERIFICATION_JWKS_FILE")]
    pub(super) verification_jwks_file: FilePath,

    /// File of the keys that jobs sign pipelines with
    #[arg(long, env = "BUILDKITE_AGENT_SIGNING_JWKS_FILE")]
    pub(super) signing_jwks_file: FilePath,

    /// Which of them
    #[arg(long, env = "BUILDKITE_AGENT_SIGNING_JWKS_KEY_ID")]
    pub(super) signing_jwks_key_id: String,

    /// AWS KMS key to sign and verify with
    #[arg(long, env = "BUILDKITE_AGENT_SIGNING_AWS_KMS_KEY")]
    pub(super) signing_aws_kms_key: String,

    /// GCP KMS key to sign and verify with
    #[arg(long, env = "BUILDKITE_AGENT_SIGNING_GCP_KMS_KEY")]
    pub(super) signing_gcp_kms_key: String,

    /// Log what is signed, at debug level; it may hold secrets
    #[arg(long, env = "BUILDKITE_AGENT_DEBUG_SIGNING")]
    pub(super) debug_signing: bool,

    /// What becomes of jobs that can't be verified: block or warn
    #[arg(long, env = "BUILDKITE_AGENT_JOB_VERIFICATION_NO_SIGNATURE_BEHAVIOR", default_value = "block")]
    pub(super) verification_failure_behavior: String,
}

/// Options that are accepted for the sake of old configurations.
#[derive(Debug, clap::Args)]
pub(super) struct WithoutEffect {
    /// Does nothing
    #[arg(long, env = "BUILDKITE_KUBERNETES_LOG_COLLECTION_GRACE_PERIOD", default_value = "50s")]
    kubernetes_log_collection_grace_period: GoDuration,

    /// Old name of tags
    #[arg(long, env = "BUILDKITE_AGENT_META_DATA", hide = true)]
    meta_data: Vec<String>,

    /// Does nothing
    #[arg(long, env = "BUILDKITE_AGENT_META_DATA_EC2", hide = true)]
    meta_data_ec2: bool,

    /// Old name of tags-from-ec2-tags
    #[arg(long, env = "BUILDKITE_AGENT_META_DATA_EC2_TAGS", hide = true)]
    meta_data_ec2_tags: bool,

    /// Does nothing
    #[arg(long, env = "BUILDKITE_AGENT_META_DATA_GCP", hide = true)]
    meta_data_gcp: bool,

    /// Old name of no-ssh-keyscan
    #[arg(long, env = "BUILDKITE_NO_AUTOMATIC_SSH_FINGERPRINT_VERIFICATION", hide = true)]
    no_automatic_ssh_fingerprint_verification: bool,

    /// Old name of tags-from-ec2-meta-data
    #[arg(long, env = "BUILDKITE_AGENT_TAGS_FROM_EC2")]
    tags_from_ec2: bool,

    /// Old name of tags-from-gcp-meta-data
    #[arg(long, env = "BUILDKITE_AGENT_TAGS_FROM_GCP")]
    tags_from_gcp: bool,

    /// Old name of disconnect-after-idle-timeout
    #[arg(long, env = "BUILDKITE_AGENT_DISCONNECT_AFTER_JOB_TIMEOUT", default_value_t = 0, hide = true)]
    pub(super) disconnect_after_job_timeout: i64,
}

/// What became of options (docs/spec/agent.md §3.4).
pub(super) const DEPRECATED: &[Deprecation] = &[
    Deprecation::Renamed { old: "no-automatic-ssh-fingerprint-verification", new: "no-ssh-keyscan" },
    Deprecation::Renamed { old: "meta-data", new: "tags" },
    Deprecation::Dead { old: "meta-data-ec2", new: "tags-from-ec2" },
    Deprecation::Renamed { old: "meta-data-ec2-tags", new: "tags-from-ec2-tags" },
    Deprecation::Dead { old: "meta-data-gcp", new: "tags-from-gcp" },
    Deprecation::Renamed { old: "tags-from-ec2", new: "tags-from-ec2-meta-data" },
    Deprecation::Renamed { old: "tags-from-gcp", new: "tags-from-gcp-meta-data" },
    Deprecation::Old {
        old: "disconnect-after-job-timeout",
        hint: "Use disconnect-after-idle-timeout instead",
    },
];
