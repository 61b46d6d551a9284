//! Answers, one line each, as soon as they are durable.

use crate::output::{self, Output};
use crate::refusals::RefusedLine;
use anyhow::Result;
use fillwright_domain::ResultStatus;
use fillwright_engine::Reply;
use fillwright_kernel::Answer;
use serde::Serialize;
use std::collections::BTreeMap;

/// One answer as a program reads it.
#[derive(Debug, Serialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
enum Line<'a> {
    /// The intent has its result.
    Closed { intent_id: &'a str, status: &'static str },
    /// It came before; `seq` is the entry that accepted the first.
    Duplicate { intent_id: &'a str, seq: u64, status: Option<&'static str> },
    /// The id is taken by another intent, in entry `seq`.
    Conflict { intent_id: &'a str, seq: u64 },
    /// The line could not be read.
    Refused {
        #[serde(flatten)]
        line: &'a RefusedLine,
    },
}

/// Says every answer and every line that could not be read.
pub(crate) fn tell(output: Output, replies: &[Reply], refused: &[RefusedLine]) -> Result<()> {
    for line in refused {
        if output.is_json() {
            output::line(&Line::Refused { line })?;
        } else {
            output.say(format_args!("refused    {}", line.message))?;
        }
    }
    for reply in replies {
        if output.is_json() {
            output::line(&line_of(reply))?;
        } else {
            output.say(format_args!("{:<10} {}", word_of(&reply.answer), reply.intent_id))?;
        }
    }
    Ok(())
}

fn line_of(reply: &Reply) -> Line<'_> {
    let intent_id = reply.intent_id.as_str();
    match reply.answer {
        Answer::Closed(status) => Line::Closed { intent_id, status: status.as_str() },
        Answer::Duplicate { first_seq, status } => {
            Line::Duplicate { intent_id, seq: first_seq, status: status.map(ResultStatus::as_str) }
        }
        Answer::Conflict { first_seq } => Line::Conflict { intent_id, seq: first_seq },
    }
}

/// One word for an answer: the status of a result, `duplicate` or `conflict`.
pub(crate) fn word_of(answer: &Answer) -> &'static str {
    match answer {
        Answer::Closed(status) => status.as_str(),
        Answer::Duplicate { .. } => "duplicate",
        Answer::Conflict { .. } => "conflict",
    }
}

/// Counts answers by their word.
pub(crate) fn count(counts: &mut BTreeMap<&'static str, u64>, replies: &[Reply]) {
    for reply in replies {
        *counts.entry(word_of(&reply.answer)).or_insert(0) += 1;
    }
}
