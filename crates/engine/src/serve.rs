//! The sequencer on a thread of its own, fed through a channel: while one batch syncs, the next is stepped.

use crate::{Clock, Sequencer, SequencerError};
use crossbeam_channel::{Receiver, TryRecvError};
use fillwright_kernel::{Effect, Input};

/// The most inputs of one batch: large enough that a sync costs little an entry, small enough that none waits long.
const BATCH_MAX: usize = 4096;

/// Takes inputs, in the groups they were sent in, until every sender is gone; gives effects to `dispatch` once they are durable. A lone input is synced
/// at once; under load a batch is stepped while the one before it syncs.
///
/// # Errors
///
/// The first error of the sequencer. What was not released by then was never acknowledged.
pub fn serve(
    mut sequencer: Sequencer,
    inbox: &Receiver<Vec<Input>>,
    clock: &mut impl Clock,
    mut dispatch: impl FnMut(Vec<Effect>),
) -> Result<Sequencer, SequencerError> {
    let mut open = true;
    while open || sequencer.is_in_flight() {
        open = fill(&mut sequencer, inbox, clock)?;
        if sequencer.is_in_flight() {
            dispatch(sequencer.land()?);
        }
        if !sequencer.has_taken() {
            continue;
        }
        if inbox.is_empty() {
            dispatch(sequencer.settle()?);
        } else {
            sequencer.take_off()?;
        }
    }
    Ok(sequencer)
}

/// Takes what has arrived, up to one batch; waits for a first input only when nothing is in flight. False once every
/// sender is gone.
fn fill(
    sequencer: &mut Sequencer,
    inbox: &Receiver<Vec<Input>>,
    clock: &mut impl Clock,
) -> Result<bool, SequencerError> {
    let mut taken = 0;
    if !sequencer.is_in_flight() {
        let Ok(group) = inbox.recv() else { return Ok(false) };
        taken += take(sequencer, &group, clock)?;
    }
    while taken < BATCH_MAX {
        match inbox.try_recv() {
            Ok(group) => taken += take(sequencer, &group, clock)?,
            Err(TryRecvError::Empty) => return Ok(true),
            Err(TryRecvError::Disconnected) => return Ok(false),
        }
    }
    Ok(true)
}

fn take(
    sequencer: &mut Sequencer,
    group: &[Input],
    clock: &mut impl Clock,
) -> Result<usize, SequencerError> {
    for input in group {
        sequencer.take(clock.now(), input)?;
    }
    Ok(group.len())
}
