//! The meta-data service of ECS tasks.

use serde::Deserialize;

use crate::http::{Ask, Service, Way};
use crate::{CloudError, Variables, filled};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Task {
    #[serde(rename = "TaskARN")]
    task_arn: String,
    limits: Limits,
    launch_type: String,
    availability_zone: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Limits {
    #[serde(rename = "CPU")]
    cpu: f64,
    #[serde(rename = "Memory")]
    memory: f64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Container {
    docker_name: String,
    image: String,
}

/// The tags of `tags-from-ecs-meta-data`.
pub(crate) fn tags(variables: Variables<'_>) -> Result<Vec<String>, CloudError> {
    let version_4 = filled(variables, "ECS_CONTAINER_METADATA_URI_V4");
    let older = || filled(variables, "ECS_CONTAINER_METADATA_URI");
    let is_version_4 = version_4.is_some();
    let Some(base) = version_4.or_else(older) else {
        let text = "neither ECS_CONTAINER_METADATA_URI_V4 nor ECS_CONTAINER_METADATA_URI is set: is this an ECS task?";
        return Err(CloudError::Setting(text.to_owned()));
    };
    let service = Service::new("the ECS meta-data service", Way::Link);
    let task: Task = service.ask(|| Ok(Ask::get(format!("{base}/task"))))?.json()?;
    let container: Container = service.ask(|| Ok(Ask::get(&base)))?.json()?;
    let limit = |value: f64| (value != 0.0).then(|| value.to_string());
    let zone = Some(task.availability_zone).filter(|zone| is_version_4 && zone != "true");
    let all = [
        ("task-arn", Some(task.task_arn)),
        ("cpu-limit", limit(task.limits.cpu)),
        ("memory-limit", limit(task.limits.memory)),
        ("container-name", Some(container.docker_name)),
        ("image", Some(container.image)),
        ("launch-type", Some(task.launch_type).filter(|_| is_version_4)),
        ("availability-zone", zone),
    ];
    Ok(all.into_iter().filter_map(|(name, value)| Some(format!("ecs:{name}={}", value?))).collect())
}
