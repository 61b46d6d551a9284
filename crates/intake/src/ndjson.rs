//! Execution intents, one JSON object a line.
//!
//! Two shapes of a line are read:
//!
//! 1. what `ExecutionIntent.to_dict()` of the interface document yields, unchanged; the fields for which its
//!    `from_dict` has a default may be absent;
//! 2. an envelope `{"intent_id": "…", "strategy_id": "…", "source_run": "…", "intent": {…}}` around the same, of
//!    which `strategy_id` and `source_run` may be absent or null.
//!
//! Everything else is refused: unknown fields, duplicate fields, other types, words outside the sets.
//!
//! An intent without an id of its own gets `derived-` and 32 hexadecimal digits of SHA-256 over source, line number
//! and bytes: reading the same file again yields the same ids. So a source must not be used again for other intents
//! that happen to say the same on the same line.

use std::io::BufRead;

use fillwright_domain::ids::check_id;
use fillwright_domain::{
    ActionType, Ask, BookId, Decimal, ExecutionIntent, InstrumentId, Intent, IntentId, Origin,
    PositionId, Ratio, RunId, StrategyId, Text, Urgency,
};

use crate::fields::Fields;
use crate::json::Node;
use crate::lines::{Line, LineRecords, Position, ReadLine};
use crate::refusal::{Fault, Refusal, RefusalKind};

/// The most reason codes one intent may carry.
const REASON_CODES_MAX: usize = 256;
/// Values in one line: the fields, the reason codes, and room for the error to name what is too much.
const VALUES_MAX: usize = 1024;

const ENVELOPE_FIELDS: &[&str] = &["intent_id", "strategy_id", "source_run", "intent"];
const INTENT_FIELDS: &[&str] = &[
    "action",
    "size_frac",
    "urgency",
    "priority",
    "max_slippage_bps",
    "reduce_only",
    "post_only",
    "reason_codes",
    "state",
    "prev_state",
    "a_final",
    "e_final",
    "position_id",
    "token_contract",
    "token_chain",
    "book_id",
    "timeframe",
    "max_leverage",
    "risk_reason",
];

const ACTIONS: &[(&str, ActionType)] = &[
    ("hold", ActionType::Hold),
    ("add", ActionType::Add),
    ("trim", ActionType::Trim),
    ("exit", ActionType::Exit),
    ("reclaim", ActionType::Reclaim),
    ("emergency_exit", ActionType::EmergencyExit),
];
const URGENCIES: &[(&str, Urgency)] = &[
    ("low", Urgency::Low),
    ("medium", Urgency::Medium),
    ("high", Urgency::High),
    ("critical", Urgency::Critical),
];

/// The intents of a file, line by line.
pub type Intents<R> = LineRecords<R, IntentLine>;

/// Reads one line as an intent.
#[derive(Debug, Clone, Copy, Default)]
pub struct IntentLine;

impl<R: BufRead> Intents<R> {
    /// Reads a file from its start. `source` names it in errors and in derived ids.
    pub fn new(source: &str, input: R) -> Self {
        Self::resume(source, input, Position::default())
    }

    /// Reads on from a position reached before; `input` must start at its byte.
    pub fn resume(source: &str, input: R, from: Position) -> Self {
        Self::start(source, input, IntentLine, from)
    }
}

impl ReadLine for IntentLine {
    type Record = Intent;

    fn read_line(&mut self, line: &Line<'_>) -> Result<Option<Intent>, Refusal> {
        let asked = line.json(VALUES_MAX, asked)?;
        Ok(Some(Intent {
            intent_id: asked.intent_id.unwrap_or_else(|| line.derived_id("derived-")),
            strategy_id: asked.strategy_id,
            book_id: asked.execution.book_id.clone(),
            instrument_id: asked.instrument_id,
            source_run: asked.source_run,
            ask: Ask::Execution(Box::new(asked.execution)),
            input_truncated: asked.truncated,
            origin: Origin { source: line.source.clone(), line: line.number },
        }))
    }
}

/// What a line says.
struct Asked {
    intent_id: Option<IntentId>,
    strategy_id: Option<StrategyId>,
    source_run: Option<RunId>,
    execution: ExecutionIntent,
    instrument_id: InstrumentId,
    truncated: bool,
}

fn asked(node: &Node) -> Result<Asked, Fault> {
    let fields = Fields::of(node)?;
    if fields.get("intent").is_none() {
        return execution(node);
    }
    let fields = fields.only(ENVELOPE_FIELDS)?;
    let intent_id = fields.required("intent_id", Node::name).map(IntentId::new)?;
    let strategy_id = fields.nullable("strategy_id", Node::name)?.map(StrategyId::new);
    let source_run = fields.nullable("source_run", Node::name)?.map(RunId::new);
    let asked = fields.required("intent", execution)?;
    Ok(Asked { intent_id: Some(intent_id), strategy_id, source_run, ..asked })
}

fn execution(node: &Node) -> Result<Asked, Fault> {
    let fields = Fields::of(node)?.only(INTENT_FIELDS)?;
    let action = fields.required("action", action)?;
    let size_frac = fields.required("size_frac", |node| {
        node.decimal_up_to(Decimal::ONE, "a decimal between 0 and 1")
    })?;
    let max_leverage = fields.nullable("max_leverage", |node| {
        node.decimal_up_to(Decimal::MAX, "a decimal that is not negative")
    })?;
    let execution = ExecutionIntent {
        action,
        size_frac: Ratio::new(size_frac.value),
        urgency: fields.required("urgency", urgency)?,
        priority: fields.required("priority", |node| {
            node.integer(&(0..=100), "an integer between 0 and 100")
        })?,
        max_slippage_bps: fields.nullable("max_slippage_bps", basis_points)?,
        reduce_only: fields.optional("reduce_only", Node::boolean)?.unwrap_or(false),
        post_only: fields.optional("post_only", Node::boolean)?.unwrap_or(false),
        reason_codes: fields.optional("reason_codes", reason_codes)?.unwrap_or_default(),
        state: fields.required("state", Node::text)?,
        prev_state: fields.optional("prev_state", Node::text)?.unwrap_or_default(),
        a_final: fields.required("a_final", Node::number_text)?,
        e_final: fields.required("e_final", Node::number_text)?,
        position_id: fields.required("position_id", Node::name).map(PositionId::new)?,
        token_contract: fields.required("token_contract", Node::name).map(Text::new)?,
        token_chain: fields.required("token_chain", venue).map(Text::new)?,
        book_id: fields.required("book_id", Node::name).map(BookId::new)?,
        timeframe: fields.required("timeframe", Node::text)?,
        max_leverage: max_leverage.map(|parsed| Ratio::new(parsed.value)),
        risk_reason: fields.nullable("risk_reason", Node::text)?,
    };
    let instrument_id =
        InstrumentId::of(execution.token_chain.as_str(), execution.token_contract.as_str());
    fields.required("token_contract", |node| {
        check_id(instrument_id.as_str()).map_err(|error| node.fault(RefusalKind::BadId(error)))
    })?;
    let truncated = size_frac.truncated || max_leverage.is_some_and(|parsed| parsed.truncated);
    Ok(Asked {
        intent_id: None,
        strategy_id: None,
        source_run: None,
        execution,
        instrument_id,
        truncated,
    })
}

fn action(node: &Node) -> Result<ActionType, Fault> {
    node.one_of(ACTIONS, "hold, add, trim, exit, reclaim or emergency_exit")
}

fn urgency(node: &Node) -> Result<Urgency, Fault> {
    node.one_of(URGENCIES, "low, medium, high or critical")
}

fn basis_points(node: &Node) -> Result<u32, Fault> {
    node.integer(&(0..=u32::MAX), "basis points as an integer that is not negative")
}

fn reason_codes(node: &Node) -> Result<Vec<Text>, Fault> {
    let codes = node.elements()?;
    if codes.len() > REASON_CODES_MAX {
        return Err(node.fault(RefusalKind::TooManyValues { limit: REASON_CODES_MAX }));
    }
    let read = |(position, code): (usize, &Node)| {
        code.text().map_err(|fault| fault.inside_element(position))
    };
    codes.iter().enumerate().map(read).collect()
}

/// A venue's name; a colon in it would make `VENUE:SYMBOL` ambiguous.
fn venue<'n>(node: &'n Node<'_>) -> Result<&'n str, Fault> {
    let name = node.name()?;
    if name.contains(':') {
        Err(node.out_of_range(name, "a venue's name without a colon"))
    } else {
        Ok(name)
    }
}
