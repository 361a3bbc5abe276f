using System.Globalization;
using Lethe.Capture.Turns;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>Why a cache was missed: what changed against the call before, how sure that is, and what it cost.</summary>
public abstract class CacheVerdictTests(StoreKind kind)
{
    private const string Opus = "claude-opus-4-5";
    private const string Marks = "tools.3:5m system.1:5m messages.0.0:5m";

    private static readonly Told First = new()
    {
        Number = 1,
        At = 1,
        Model = Opus,
        Prompt = ["hi"],
        Reply = "hello",
        Input = 5,
        CacheRead = 0,
        CacheWrite = 20_000,
        CacheMarks = Marks,
        System = "you",
        Tools = "these",
        CacheParameters = 1,
    };

    private static readonly Told Next = First with
    {
        Number = 2,
        At = 60,
        Prompt = ["hi", "> hello", "more"],
        Reply = "yes",
        CacheRead = 20_000,
        CacheWrite = 300,
        CacheMarks = "tools.3:5m system.1:5m messages.2.0:5m",
    };

    private static readonly Told Missed = Next with { CacheRead = 0, CacheWrite = 20_300 };

    [Fact]
    public void What_reads_what_was_left_is_a_hit() => Assert.Equal("hit - certain - 0", Verdict(First, Next));

    [Fact]
    public void The_first_call_writes_and_is_no_miss() => Assert.Equal("first first certain - 0", Of(Records(First)[0]));

    [Fact]
    public void A_pause_longer_than_what_was_declared_lets_the_cache_expire() => Assert.Equal("expired expired certain - 115000000", Verdict(First, Missed with { At = 400 }));

    [Fact]
    public void A_longer_declared_life_is_believed()
    {
        var hour = Missed with { At = 400, CacheMarks = "system.1:1h messages.2.0:5m" };
        Assert.Equal("expired expired likely - 57500000", Verdict(First with { CacheMarks = "system.1:1h messages.0.0:5m" }, hour with { CacheRead = 10_000, CacheWrite = 10_300 }));
        Assert.Equal("unknown unknown unknown - 115000000", Verdict(First with { CacheMarks = "system.1:1h messages.0.0:5m" }, hour));
    }

    [Fact]
    public void Another_tool_moves_all_behind_it() => Assert.Equal("rebuilt tools_changed certain tools 115000000", Verdict(First, Missed with { Tools = "others" }));

    [Fact]
    public void Another_system_prompt_where_no_mark_stands_before_it() =>
        Assert.Equal("rebuilt system_changed certain system 115000000", Verdict(First with { CacheMarks = "system.1:5m" }, Missed with { System = "me", CacheMarks = "system.1:5m" }));

    [Fact]
    public void Where_an_equal_mark_stands_before_the_difference_that_much_should_have_been_read() =>
        Assert.Equal("unknown unknown unknown system 115000000", Verdict(First, Missed with { System = "me" }));

    [Fact]
    public void An_edited_message_is_named() => Assert.Equal(
        "rebuilt history_changed certain messages[0] 69000000", Verdict(First, Missed with { Prompt = ["hi there", "> hello", "more"], CacheRead = 8_000, CacheWrite = 12_300 }));

    [Fact]
    public void A_shorter_history_is_told_from_an_edited_one() => Assert.Equal(
        "rebuilt history_shrank likely messages[1] 115000000",
        Verdict(First with { Prompt = ["hi", "> a", "b"], CacheMarks = "messages.2.0:5m" }, Missed with { Prompt = ["hi"], Reply = "other", CacheMarks = "messages.0.0:5m", CacheRead = 0 }));

    [Fact]
    public void A_compaction_between_them_is_the_reason() => Assert.Equal("rebuilt compacted certain messages[0] 115000000", Of(Records(
        First with { Prompt = ["hi", "> a", "b", "> c", "d"], CacheMarks = "messages.4.0:5m" },
        Missed with { Number = 3, At = 30, RequestKind = "compaction", Prompt = ["hi", "> a", "b", "> c", "d", "sum up"], Reply = "in short" },
        Missed with { Prompt = ["in short", "on"], CacheMarks = "messages.1.0:5m" })[2]));

    [Fact]
    public void Another_model_has_no_part_in_the_cache() => Assert.Equal("rebuilt model_changed certain model 69000000", Verdict(First, Missed with { Model = "claude-sonnet-4-5" }));

    [Fact]
    public void Thinking_otherwise_is_a_change_of_parameters() => Assert.Equal("rebuilt parameters_changed certain parameters 115000000", Verdict(First, Missed with { CacheParameters = 2 }));

    [Fact]
    public void Pictures_that_came_since_are_likely_the_reason() =>
        Assert.Equal("rebuilt parameters_changed likely images 115000000", Verdict(First, Missed with { Prompt = ["hi", "> hello", Told.Picture] }));

    [Theory]
    [InlineData(Told.Picture, "rebuilt parameters_changed likely images 115000000")]
    [InlineData("words", "unknown unknown unknown - 115000000")]
    public void Pictures_are_seen_where_a_call_only_names_the_answer_that_it_continues(string said, string verdict)
    {
        var stored = First with { Endpoint = "responses", ResponseId = "resp_1", Prompt = ["hi", "> hello", Told.Picture] };
        var upon = Missed with { Endpoint = "responses", ResponseId = "resp_2", Continues = "resp_1", Prompt = [said], CacheMarks = stored.CacheMarks };

        Assert.Equal(verdict, Verdict(stored, upon));
    }

    [Fact]
    public void Marks_that_moved_too_far_are_likely_the_reason() =>
        Assert.Equal("rebuilt marks_moved likely - 115000000", Verdict(First, Missed with { CacheMarks = "messages.30.0:5m" }));

    [Fact]
    public void What_is_not_marked_is_not_kept() =>
        Assert.Equal("off not_marked certain - 0", Verdict(First, Next with { CacheRead = 0, CacheWrite = 0, Input = 20_300, CacheMarks = null }));

    [Fact]
    public void A_prompt_that_is_too_short_is_not_kept()
    {
        Assert.Equal("off too_short likely - 0", Of(Records(First with { Input = 900, CacheWrite = 0 })[0]));
        Assert.Equal("off too_short likely - 0", Verdict(First with { Input = 900, CacheWrite = 0 }, Next with { Input = 950, CacheRead = 0, CacheWrite = 0 }));
    }

    [Fact]
    public void What_reads_less_than_nine_tenths_of_what_was_left_has_missed_a_part_of_it()
    {
        Assert.Equal("hit - certain - 0", Verdict(First, Next with { CacheRead = 18_200, CacheWrite = 2_100, Tools = "others" }));
        Assert.Equal("rebuilt tools_changed certain tools 17250000", Verdict(First, Next with { CacheRead = 17_000, CacheWrite = 3_300, Tools = "others" }));
    }

    [Fact]
    public void Whom_to_bill_where_marks_stand_and_how_a_text_is_spelt_are_no_changes()
    {
        const string Billed = """[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1.a;"},{"type":"text","text":"you"}]""";
        const string Unknown = "unknown unknown unknown - 115000000";
        Assert.Equal(Unknown, Verdict(First with { SystemJson = Billed }, Missed with { SystemJson = Billed.Replace("2.1.a", "2.1.b", StringComparison.Ordinal) }));
        Assert.Equal(Unknown, Verdict(First with { SystemJson = "\"you\"" }, Missed with { SystemJson = """[{"type":"text","text":"you"}]""" }));
        Assert.Equal(Unknown, Verdict(First with { SystemJson = """[{"text":"you"},{"cachePoint":{"type":"default"}}]""" }, Missed with { SystemJson = """[{"text":"you"}]""" }));
    }

    [Fact]
    public void What_changed_first_is_named()
    {
        const string Tools = """[{"name":"Read"},{"type":"function","function":{"name":"Bash","description":"a"}}]""";
        Assert.Equal("rebuilt tools_changed certain tools[1] Bash 115000000", Verdict(First with { ToolsJson = Tools }, Missed with { ToolsJson = Tools.Replace("\"a\"", "\"b\"", StringComparison.Ordinal) }));
        Assert.Equal(
            "rebuilt system_changed certain system[1] 115000000",
            Verdict(
                First with { SystemJson = """[{"text":"a"},{"text":"b"}]""", CacheMarks = "system.1:5m" },
                Missed with { SystemJson = """[{"text":"a"},{"text":"c"}]""", CacheMarks = "system.1:5m" }));
    }

    [Theory]
    [InlineData("messages_changed", "history_changed")]
    [InlineData("system_changed", "system_changed")]
    [InlineData("model_changed", "model_changed")]
    [InlineData("a_new_word", "a_new_word")]
    public void The_vendors_word_is_the_reason_whatever_ours_would_be(string word, string reason)
    {
        Assert.Equal($"rebuilt {reason} certain tools 115000000", Verdict(First, Missed with { Tools = "others", CacheDiagnosis = new CacheDiagnosis(word, null) }));
        Assert.Equal("rebuilt tools_changed certain tools 115000000", Verdict(First, Missed with { Tools = "others", CacheDiagnosis = new CacheDiagnosis("unavailable", null) }));
    }

    [Fact]
    public void A_miss_costs_what_was_written_anew_less_what_reading_it_would_have_cost()
    {
        // Opus 4.5: 5 USD a million read anew, 6.25 written for five minutes, 10 for an hour, 0.50 read.
        Assert.Equal(20_000 * (10_000L - 500), Records(First, Missed with { Tools = "others", CacheWrite = null, CacheWrite1h = 20_300 })[1].Cache!.CostNanoUsd);
        Assert.Equal(20_000 * (5_000L - 500), Records(First, Missed with { Tools = "others", CacheWrite = 0, Input = 20_305 })[1].Cache!.CostNanoUsd);
        Assert.Null(Records(First with { Model = "unheard-of" }, Missed with { Model = "unheard-of", Tools = "others" })[1].Cache!.CostNanoUsd);
    }

    [Fact]
    public void The_vendors_own_word_wins_and_is_shown_beside_ours()
    {
        var record = Records(First, Missed with { CacheDiagnosis = new CacheDiagnosis("tools_changed", 19_000) })[1];
        Assert.Equal("rebuilt tools_changed certain - 109250000", Of(record));
        Assert.Equal(new CacheVendorRecord("tools_changed", 19_000), record.Cache!.Vendor);
    }

    [Fact]
    public void Where_nothing_is_declared_nothing_is_certain() => Assert.Equal(
        "rebuilt tools_changed likely tools 22500000",
        Verdict(
            First with { Provider = "openai", Model = "gpt-5", CacheMarks = null, CacheWrite = null, Input = 20_000 },
            Missed with { Provider = "openai", Model = "gpt-5", CacheMarks = null, CacheWrite = null, Input = 20_300, Tools = "others" }));

    [Fact]
    public void A_call_of_another_session_that_the_prompt_goes_on_from_is_the_one_compared_with()
    {
        var records = Records(First, Missed with { Session = "fork", Tools = "others" });
        Assert.Equal((First.Id.ToString(), "rebuilt tools_changed certain tools 115000000"), (records[1].Cache!.ComparedWith, Of(records[1])));
    }

    [Fact]
    public void Marks_are_kept_and_calls_beside_a_conversation_are_compared_with_none()
    {
        var records = Records(First, Missed with { RequestKind = "title", Prompt = ["name it"] });
        Assert.Equal([new CacheMarkRecord("tools", 3, null, "5m"), new("system", 1, null, "5m"), new("messages", 0, 0, "5m")], records[0].Cache!.Marks);
        Assert.Null(records[1].Cache!.ComparedWith);
        Assert.Null(Records(First with { Reply = null, Outcome = Capture.Outcome.UpstreamError })[0].Cache);
    }

    private string Verdict(params Told[] told) => Of(Records(told)[^1]);

    private List<ExchangeRecord> Records(params Told[] told)
    {
        using var store = TestStore.Open(kind);
        store.Deliver([.. told.Reverse()]);
        return store.Records();
    }

    private static string Of(ExchangeRecord record) => record.Cache is { } cache
        ? $"{cache.Verdict} {cache.Reason ?? "-"} {cache.Confidence} {cache.FirstDifference ?? "-"} {cache.CostNanoUsd?.ToString(CultureInfo.InvariantCulture) ?? "-"}"
        : "none";
}

public sealed class SqliteCacheVerdictTests() : CacheVerdictTests(StoreKind.Sqlite);

public sealed class PostgresCacheVerdictTests() : CacheVerdictTests(StoreKind.Postgres);
