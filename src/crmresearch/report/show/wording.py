"""Every word the page itself says (as opposed to the report's sentences), by language, English first."""

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "yes": "yes",
        "no": "no",
        "table": "Table",
        "figure": "Figure",
        "download": "Download",
        "contents": "Contents",
        "skip": "Skip to the content",
        "home": "All reports",
        "code": "Code",
        "parameters": "Parameters",
        "parameters_default": "Parameters: defaults",
        "show_code": "Show all code",
        "hide_code": "Hide all code",
        "error": "This step failed",
        "traceback": "Where it failed",
        "stderr": "Messages of this step",
        "output": "Output of step",
        "equation": "Equation",
        "findings": "What we found",
        "warnings_inadmissible": "Warning: inadmissible result",
        "warnings_unidentified": "Warning: weakly identified result",
        "warnings_weak": "Caution: weakly supported results",
        "warnings_note": "Notes on this analysis",
        "warnings_none": "Nothing to warn about",
        "warnings_none_text": "Every check made for this report passed.",
        "severity_inadmissible": "Inadmissible",
        "severity_unidentified": "Weakly identified",
        "severity_weak": "Weak",
        "severity_note": "Note",
        "provenance": "Provenance",
        "provenance_about": "What made this page, so that it can be made again.",
        "provenance_caption": "Origin of this report",
        "notebook": "Notebook",
        "title": "Title",
        "dataset": "Data set",
        "theory": "Theory",
        "commit": "Commit",
        "versions": "Package versions",
        "packages": "Package versions",
        "python": "Python",
        "data_sha256": "Data SHA-256",
        "seed": "Seed",
        "duration": "Duration",
        "index_title": "Reports",
        "index_about": "Each report is one file that opens without a network connection. "
        "Below each title: what it found.",
        "status_done": "Ready",
        "status_skipped": "Skipped",
        "status_failed": "Failed",
        "count_done": "ready",
        "count_skipped": "skipped",
        "count_failed": "failed",
    },
    "zh": {
        "yes": "是",
        "no": "否",
        "table": "表",
        "figure": "图",
        "download": "下载",
        "contents": "目录",
        "skip": "跳到正文",
        "home": "全部报告",
        "code": "代码",
        "parameters": "参数",
        "parameters_default": "参数：默认值",
        "show_code": "显示全部代码",
        "hide_code": "隐藏全部代码",
        "error": "此步骤出错",
        "traceback": "出错位置",
        "stderr": "此步骤的消息",
        "output": "步骤输出",
        "equation": "公式",
        "findings": "主要发现",
        "warnings_inadmissible": "警告：结果不可接受",
        "warnings_unidentified": "警告：结果识别不足",
        "warnings_weak": "注意：部分结果支持不足",
        "warnings_note": "分析说明",
        "warnings_none": "没有需要警告的问题",
        "warnings_none_text": "本报告的全部检查均已通过。",
        "severity_inadmissible": "不可接受",
        "severity_unidentified": "识别不足",
        "severity_weak": "支持不足",
        "severity_note": "说明",
        "provenance": "来源",
        "provenance_about": "生成本页所用的一切，以便重现。",
        "provenance_caption": "本报告的来源",
        "notebook": "笔记本",
        "title": "标题",
        "dataset": "数据集",
        "theory": "理论",
        "commit": "提交",
        "versions": "软件包版本",
        "packages": "软件包版本",
        "python": "Python",
        "data_sha256": "数据 SHA-256",
        "seed": "随机种子",
        "duration": "用时",
        "index_title": "报告",
        "index_about": "每份报告是一个文件，无需网络即可打开。标题下方是其主要发现。",
        "status_done": "已完成",
        "status_skipped": "已跳过",
        "status_failed": "失败",
        "count_done": "已完成",
        "count_skipped": "已跳过",
        "count_failed": "失败",
    },
}

# columns whose printed heading is not their name with spaces
HEADINGS: dict[str, dict[str, str]] = {
    "en": {
        "ci_lower": "lower",
        "ci_upper": "upper",
        "p_value": "p",
        "se": "SE",
        "r_squared": "R²",
        "r_squared_adjusted": "adjusted R²",
        "interval": "interval",
    },
    "zh": {
        "ci_lower": "下限",
        "ci_upper": "上限",
        "p_value": "p",
        "se": "标准误",
        "r_squared": "R²",
        "r_squared_adjusted": "调整后 R²",
        "interval": "区间",
    },
}


def words(language: str) -> dict[str, str]:
    """The page's words in `language`, falling back to English word by word."""
    return {**WORDS["en"], **WORDS.get(language.split("-")[0], {})}


def column_heading(name: str, language: str = "en") -> str:
    """The printed heading of a column: the known one, else its name with underscores as spaces."""
    known = {**HEADINGS["en"], **HEADINGS.get(language.split("-")[0], {})}
    return known.get(name, name.replace("_", " "))


def fact_label(key: str, language: str = "en") -> str:
    """The printed name of a provenance fact: the known one, else its key with underscores as spaces."""
    return words(language).get(key, key.replace("_", " ").capitalize())
