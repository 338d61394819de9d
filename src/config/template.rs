//! Template overrides: the texts below `templates`.

use std::collections::BTreeMap;

use super::faults::Faults;
use super::load::Reader;
use super::raw::Raw;

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
    for path in paths {
        let Ok(name) = path.strip_prefix(&folder) else { continue };
        let name = name.to_string_lossy().replace('\\', "/");
        if name.split('/').any(|part| part.starts_with('.')) {
            continue;
        }
        if let Some(source) = reader.text(faults, &path, named.place)
            && let Some(source) = faults.source(source)
        {
            texts.insert(name, source.text.clone());
        }
    }
    texts
}
