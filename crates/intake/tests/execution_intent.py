"""`ExecutionIntent` as the interface document defines it, to hold our JSON against.

`write N` prints N intents as `json.dumps(to_dict())`, one a line. `round_trip N` reads as many lines from standard
input, takes each through `from_dict` and `to_dict`, and compares it with the intent `write` printed there.
"""

import json
import random
import sys
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Dict, List, Optional


class ActionType(Enum):
    HOLD = "hold"
    ADD = "add"
    TRIM = "trim"
    EXIT = "exit"
    RECLAIM = "reclaim"
    EMERGENCY_EXIT = "emergency_exit"


# The document lists fields without a default behind fields with one, which Python allows for keywords only.
@dataclass(kw_only=True)
class ExecutionIntent:
    action: ActionType
    size_frac: float
    urgency: str
    priority: int
    max_slippage_bps: Optional[int] = None
    reduce_only: bool = False
    post_only: bool = False
    reason_codes: List[str] = field(default_factory=list)
    state: str
    prev_state: str
    a_final: float
    e_final: float
    position_id: str
    token_contract: str
    token_chain: str
    book_id: str
    timeframe: str
    max_leverage: Optional[float] = None
    risk_reason: Optional[str] = None

    def to_dict(self) -> Dict[str, Any]:
        return {
            "action": self.action.value,
            "size_frac": self.size_frac,
            "urgency": self.urgency,
            "priority": self.priority,
            "max_slippage_bps": self.max_slippage_bps,
            "reduce_only": self.reduce_only,
            "post_only": self.post_only,
            "reason_codes": self.reason_codes,
            "state": self.state,
            "prev_state": self.prev_state,
            "a_final": self.a_final,
            "e_final": self.e_final,
            "position_id": self.position_id,
            "token_contract": self.token_contract,
            "token_chain": self.token_chain,
            "book_id": self.book_id,
            "timeframe": self.timeframe,
            "max_leverage": self.max_leverage,
            "risk_reason": self.risk_reason,
        }

    @classmethod
    def from_dict(cls, data: Dict[str, Any]) -> "ExecutionIntent":
        return cls(
            action=ActionType(data["action"]),
            size_frac=data["size_frac"],
            urgency=data["urgency"],
            priority=data["priority"],
            max_slippage_bps=data.get("max_slippage_bps"),
            reduce_only=data.get("reduce_only", False),
            post_only=data.get("post_only", False),
            reason_codes=data.get("reason_codes", []),
            state=data["state"],
            prev_state=data.get("prev_state", ""),
            a_final=data["a_final"],
            e_final=data["e_final"],
            position_id=data["position_id"],
            token_contract=data["token_contract"],
            token_chain=data["token_chain"],
            book_id=data["book_id"],
            timeframe=data["timeframe"],
            max_leverage=data.get("max_leverage"),
            risk_reason=data.get("risk_reason"),
        )


def intents(count):
    chance = random.Random(4)
    texts = ["", "S2", "é 😀 \" \\ \n", "x" * 300]
    for number in range(count):
        yield ExecutionIntent(
            action=chance.choice(list(ActionType)),
            size_frac=chance.choice([0, 1, 0.0, 1.0, 0.1 + 0.2, 1e-05, chance.randrange(10**6) / 10**6]),
            urgency=chance.choice(["low", "medium", "high", "critical"]),
            priority=chance.randint(0, 100),
            max_slippage_bps=chance.choice([None, 0, 25, 10_000]),
            reduce_only=chance.random() < 0.5,
            post_only=chance.random() < 0.5,
            reason_codes=[chance.choice(texts) for _ in range(chance.randrange(4))],
            state=chance.choice(texts),
            prev_state=chance.choice(texts),
            a_final=chance.uniform(-1, 1),
            e_final=chance.choice([0, 1e-300, 2.5e22, chance.random()]),
            position_id=f"position {number}",
            token_contract=chance.choice(["BTCUSDT", "0x6982508145454Ce325dDbE47a25d4ec3d2311933", "é"]),
            token_chain=chance.choice(["binance", "solana", "hyperliquid"]),
            book_id="momentum",
            timeframe=chance.choice(["1m", "4h"]),
            max_leverage=chance.choice([None, 0.0, 3, 2.5]),
            risk_reason=chance.choice([None, *texts]),
        )


def same(ours, theirs):
    """Equal values, and booleans are no numbers."""
    return ours == theirs and all(isinstance(ours[k], bool) == isinstance(theirs[k], bool) for k in theirs)


if sys.argv[1] == "write":
    for intent in intents(int(sys.argv[2])):
        print(json.dumps(intent.to_dict()))
else:
    for number, intent in enumerate(intents(int(sys.argv[2])), 1):
        ours = ExecutionIntent.from_dict(json.loads(sys.stdin.readline()))
        if not same(ours.to_dict(), intent.to_dict()):
            sys.exit(f"line {number}: ours {ours.to_dict()}, theirs {intent.to_dict()}")
    if sys.stdin.read():
        sys.exit("more lines than intents")
