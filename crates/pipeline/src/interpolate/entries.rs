//! Keys of a map are interpolated like its values, in place (spec/pipeline.md §10.2).

use std::collections::HashMap;

use indexmap::IndexMap;

/// Calls `expand` with each entry in order; a renamed entry keeps its place, and another one that has the
/// new name already is removed, unvisited if it comes later.
pub(super) fn expand_entries<V, E>(
    map: &mut IndexMap<String, V>,
    mut expand: impl FnMut(&mut String, &mut V) -> Result<(), E>,
) -> Result<(), E> {
    let mut entries: Vec<Option<(String, V)>> = std::mem::take(map).into_iter().map(Some).collect();
    let mut places: Option<HashMap<String, usize>> = None;
    for index in 0..entries.len() {
        let Some((name, mut value)) = entries[index].take() else { continue };
        let mut new_name = name.clone();
        expand(&mut new_name, &mut value)?;
        if new_name != name {
            let places = places.get_or_insert_with(|| places_of(&entries));
            if let Some(other) = places.insert(new_name.clone(), index) {
                entries[other] = None;
            }
        }
        entries[index] = Some((new_name, value));
    }
    *map = entries.into_iter().flatten().collect();
    Ok(())
}

fn places_of<V>(entries: &[Option<(String, V)>]) -> HashMap<String, usize> {
    let present = entries.iter().enumerate().filter_map(|(index, entry)| Some((entry.as_ref()?, index)));
    present.map(|((name, _), index)| (name.clone(), index)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renamed_entries_keep_their_places() {
        let check = |keys: &[&str], expected: &[(&str, usize)]| {
            let mut map: IndexMap<String, usize> =
                keys.iter().map(|key| (*key).to_owned()).zip(1..).collect();
            let result: Result<(), ()> = expand_entries(&mut map, |key, _| {
                *key = key.replace('$', "");
                Ok(())
            });
            assert_eq!(result, Ok(()));
            assert_eq!(map.iter().map(|(key, value)| (key.as_str(), *value)).collect::<Vec<_>>(), expected);
        };
        check(&["A", "B"], &[("A", 1), ("B", 2)]);
        check(&["A", "$A", "B"], &[("A", 2), ("B", 3)]);
        check(&["$A", "A", "B"], &[("A", 1), ("B", 3)]);
        check(&["$A", "B", "$$A"], &[("B", 2), ("A", 3)]);
    }
}
