//! Which agents a pipeline's steps ask for, where that does not count.

use serde_json::Value;

use crate::plane::Placement;

/// The document as the plane takes it: without the steps' wishes for agents, where every agent runs everything.
pub(super) fn placed(mut document: Value, placement: Placement) -> Value {
    if placement == Placement::Anywhere {
        forget_agents(&mut document);
    }
    document
}

/// In the pipeline itself, its steps, and the steps of its groups.
fn forget_agents(level: &mut Value) {
    let Value::Object(map) = level else { return };
    for key in ["agents", "agent_query_rules"] {
        map.shift_remove(key);
    }
    if let Some(Value::Array(steps)) = map.get_mut("steps") {
        steps.iter_mut().for_each(forget_agents);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_where_every_agent_runs_everything() {
        let document = json!({"agents": {"queue": "q"}, "steps": [
            "wait",
            {"command": "a", "agents": ["os=mac"]},
            {"group": "g", "steps": [{"command": "b", "agents": {"gpu": "*"}, "env": {"agents": "stays"}}]},
        ]});
        assert_eq!(placed(document.clone(), Placement::ByRules), document);
        let expected = json!({"steps": [
            "wait",
            {"command": "a"},
            {"group": "g", "steps": [{"command": "b", "env": {"agents": "stays"}}]},
        ]});
        assert_eq!(placed(document, Placement::Anywhere), expected);
    }
}
