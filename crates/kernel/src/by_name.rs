//! Values by name, lookup only: found by hash, listed in the order of the names, so that nothing depends on how a name
//! hashes.

#![allow(clippy::disallowed_types, reason = "the order of hashes never leaves this file")]

use foldhash::fast::FixedState;
use minicbor::{Decode, Decoder, Encode, Encoder};
use std::collections::HashMap;
use std::hash::Hash;

/// A map that an order looks into by name. Finding one of fifty names costs a fifth of what an ordered map takes.
#[derive(Debug, Clone)]
pub struct ByName<K, V>(HashMap<K, V, FixedState>);

impl<K, V> Default for ByName<K, V> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

impl<K: Eq + Hash, V: PartialEq> PartialEq for ByName<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K: Eq + Hash, V: Eq> Eq for ByName<K, V> {}

impl<K: Ord + Hash, V> ByName<K, V> {
    /// The value of a name.
    pub fn get(&self, name: &K) -> Option<&V> {
        self.0.get(name)
    }

    pub(crate) fn get_mut(&mut self, name: &K) -> Option<&mut V> {
        self.0.get_mut(name)
    }

    pub(crate) fn remove(&mut self, name: &K) {
        self.0.remove(name);
    }

    pub(crate) fn insert(&mut self, name: K, value: V) {
        self.0.insert(name, value);
    }

    /// Whether the name has a value.
    pub fn contains(&self, name: &K) -> bool {
        self.0.contains_key(name)
    }

    /// How many names have a value.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them in the order of the names; sorting them is this function's cost.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let mut all = self.0.iter().collect::<Vec<_>>();
        all.sort_unstable_by_key(|(name, _)| *name);
        all.into_iter()
    }
}

impl<K: Ord + Hash, V> FromIterator<(K, V)> for ByName<K, V> {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(values: T) -> Self {
        Self(values.into_iter().collect())
    }
}

impl<C, K: Encode<C> + Ord + Hash, V: Encode<C>> Encode<C> for ByName<K, V> {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.map(self.len() as u64)?;
        self.iter().try_for_each(|(name, value)| {
            name.encode(e, ctx)?;
            value.encode(e, ctx)
        })
    }
}

impl<'b, C, K: Decode<'b, C> + Ord + Hash, V: Decode<'b, C>> Decode<'b, C> for ByName<K, V> {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        d.map_iter_with(ctx)?.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_in_their_order_whatever_came_first() {
        let forward = (0..100_u32).map(|n| (n, n)).collect::<ByName<_, _>>();
        let backward = (0..100_u32).rev().map(|n| (n, n)).collect::<ByName<_, _>>();
        assert_eq!(forward, backward);
        assert!(forward.iter().map(|(name, _)| *name).eq(0..100));
        let bytes = minicbor::to_vec(&forward).unwrap();
        assert_eq!(bytes, minicbor::to_vec(&backward).unwrap());
        assert_eq!(minicbor::decode::<ByName<u32, u32>>(&bytes).unwrap(), forward);
    }
}
