//! `[charts]`: the font in which the pictures of reviews are written.

use std::path::PathBuf;

use crate::render::Charts;

use super::faults::Faults;
use super::raw::Raw;

/// The font file as it is named. Reviews go out without pictures where it serves nothing: that is worth a warning, and
/// no reason to silence the daemon. It is not kept with the load, like certificates: it is read where it is.
pub(super) fn settle(faults: &mut Faults, raw: &Raw) -> Option<PathBuf> {
    let named = raw.font_file.as_ref()?;
    let path = faults.folder(named.place).join(&named.value);
    let hint = "for example /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc, of the package fonts-noto-cjk";
    match Charts::open(Some(&path)) {
        Err(error) => faults.warning_hint(named.place, format!("{error}: reviews go without pictures"), hint),
        Ok(charts) if !charts.reads_chinese() => {
            let text = format!(
                "`{}` has no Chinese characters: pictures that need them are left out",
                path.display()
            );
            faults.warning_hint(named.place, text, hint);
        }
        Ok(_) => {}
    }
    Some(path)
}
