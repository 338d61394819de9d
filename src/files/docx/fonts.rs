//! The fonts of documents, and what stands in for them on machines that lack them.

/// A font by its part in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    /// 仿宋: the body.
    FangSong,
    /// 黑体: 一、
    HeiTi,
    /// 楷体: （一）
    KaiTi,
    /// 小标宋: the title.
    XiaoBiaoSong,
    /// 宋体: page numbers.
    Song,
    /// The body in English.
    Serif,
    /// Headings in English.
    Sans,
}

impl Face {
    const ALL: [Self; 7] = [
        Self::FangSong,
        Self::HeiTi,
        Self::KaiTi,
        Self::XiaoBiaoSong,
        Self::Song,
        Self::Serif,
        Self::Sans,
    ];

    /// For Chinese characters.
    pub(super) fn chinese(self) -> &'static str {
        match self {
            Self::FangSong => "仿宋",
            Self::HeiTi | Self::Sans => "黑体",
            Self::KaiTi => "楷体",
            Self::XiaoBiaoSong => "方正小标宋简体",
            Self::Song | Self::Serif => "宋体",
        }
    }

    /// For Latin letters and digits.
    pub(super) fn latin(self) -> &'static str {
        match self {
            Self::Sans => "Arial",
            Self::FangSong | Self::HeiTi | Self::KaiTi | Self::XiaoBiaoSong | Self::Song | Self::Serif => {
                "Times New Roman"
            }
        }
    }

    /// What stands in for the Chinese font, the nearest first.
    fn instead(self) -> &'static str {
        match self {
            Self::FangSong => "FangSong,仿宋_GB2312,FangSong_GB2312,STFangsong,Noto Serif CJK SC",
            Self::HeiTi | Self::Sans => "SimHei,STHeiti,Microsoft YaHei,Noto Sans CJK SC",
            Self::KaiTi => "KaiTi,楷体_GB2312,KaiTi_GB2312,STKaiti,Noto Serif CJK SC",
            Self::XiaoBiaoSong => "FZXiaoBiaoSong-B05S,宋体,SimSun,Noto Serif CJK SC",
            Self::Song | Self::Serif => "SimSun,STSong,Noto Serif CJK SC",
        }
    }

    fn family(self) -> &'static str {
        match self {
            Self::HeiTi | Self::Sans => "swiss",
            Self::KaiTi => "script",
            Self::FangSong | Self::XiaoBiaoSong | Self::Song | Self::Serif => "roman",
        }
    }
}

/// `word/fontTable.xml`
pub(super) fn font_table() -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><w:fonts \
         xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\">",
    );
    let mut named: Vec<&str> = Vec::new();
    for face in Face::ALL {
        if named.contains(&face.chinese()) {
            continue;
        }
        named.push(face.chinese());
        xml.push_str(&format!(
            "<w:font w:name=\"{}\"><w:altName w:val=\"{}\"/><w:charset w:val=\"86\"/><w:family w:val=\"{}\"/>\
             <w:pitch w:val=\"variable\"/></w:font>",
            face.chinese(),
            face.instead(),
            face.family()
        ));
    }
    for (name, family) in [("Times New Roman", "roman"), ("Arial", "swiss")] {
        xml.push_str(&format!(
            "<w:font w:name=\"{name}\"><w:charset w:val=\"00\"/><w:family w:val=\"{family}\"/><w:pitch w:val=\"variable\"/></w:font>"
        ));
    }
    xml.push_str("</w:fonts>");
    xml
}
