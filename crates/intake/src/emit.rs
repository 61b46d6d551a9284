//! Execution intents as JSON: what we write, `ExecutionIntent.from_dict` and [`crate::ndjson`] read.

use fillwright_domain::{Ask, ExecutionIntent, Intent, IntentId, RunId, StrategyId};
use serde::Serialize;

/// The 19 fields in the order of `to_dict()`. Numbers are JSON numbers, exact; one line without an ending.
///
/// # Errors
///
/// None for an intent our readers accepted: every value of it has a form in JSON.
pub fn execution_json(intent: &ExecutionIntent) -> serde_json::Result<String> {
    serde_json::to_string(intent)
}

/// The envelope with the intent's own id, so that reading it again is the same intent. `None` for a change of
/// weight, which the interface document has no form for.
///
/// # Errors
///
/// None for an intent our readers accepted: every value of it has a form in JSON.
pub fn envelope_json(intent: &Intent) -> serde_json::Result<Option<String>> {
    let Ask::Execution(execution) = &intent.ask else {
        return Ok(None);
    };
    let envelope = Envelope {
        intent_id: &intent.intent_id,
        strategy_id: intent.strategy_id.as_ref(),
        source_run: intent.source_run.as_ref(),
        intent: execution,
    };
    serde_json::to_string(&envelope).map(Some)
}

#[derive(Serialize)]
struct Envelope<'a> {
    intent_id: &'a IntentId,
    #[serde(skip_serializing_if = "Option::is_none")]
    strategy_id: Option<&'a StrategyId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_run: Option<&'a RunId>,
    intent: &'a ExecutionIntent,
}
