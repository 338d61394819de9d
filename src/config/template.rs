//! Template overrides: the texts below `templates`.

use std::collections::BTreeMap;

use super::faults::{Faults, Place};
use super::load::Reader;
use super::raw::Raw;
use crate::render::Renderer;

/// A folder with more files than this is not one of templates.
const TEMPLATES_MAX: usize = 200;

/// The texts by their names below the folder, with `/` in them.
pub(super) fn settle(faults: &mut Faults, reader: &mut Reader<'_>, raw: &Raw) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    let Some(named) = &raw.templates else { return texts };
    let folder = faults.folder(named.place).join(&named.value);
    let Some(paths) = reader.below(&folder) else {
        faults.error(named.place, format!("the folder `{}` does not exist", folder.display()));
        return texts;
    };
    if paths.len() > TEMPLATES_MAX {
        faults.error(
            named.place,
            format!("`{}` holds more than {TEMPLATES_MAX} files", folder.display()),
        );
        return texts;
    }
    let mut sources = BTreeMap::new();
    for path in paths {
        let Ok(name) = path.strip_prefix(&folder) else { continue };
        let name = name.to_string_lossy().replace('\\', "/");
        if name.split('/').any(|part| part.starts_with('.')) {
            continue;
        }
        if let Some(number) = reader.text(faults, &path, named.place)
            && let Some(source) = faults.source(number)
        {
            texts.insert(name.clone(), source.text.clone());
            sources.insert(name, number);
        }
    }
    prove(faults, &texts, &sources, named.place);
    texts
}

/// Renders every template with samples: a mistake is found here, not at three in the morning.
fn prove(faults: &mut Faults, texts: &BTreeMap<String, String>, sources: &BTreeMap<String, u32>, named: Place) {
    if texts.is_empty() {
        return;
    }
    for fault in Renderer::new(texts).err().unwrap_or_default() {
        let place = sources.get(&fault.file).map_or(named, |source| {
            let text = texts.get(&fault.file).map_or("", String::as_str);
            let start: usize = text
                .split_inclusive('\n')
                .take(fault.line.saturating_sub(1))
                .map(str::len)
                .sum();
            let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or("");
            let skipped = line
                .chars()
                .take(fault.column.unwrap_or(1).saturating_sub(1))
                .map(char::len_utf8)
                .sum::<usize>();
            Place::new(*source, &(start + skipped..start + line.len()))
        });
        faults.error(place, fault.text);
    }
}
