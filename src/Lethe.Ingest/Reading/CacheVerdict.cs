using Lethe.Capture.Prices;
using Lethe.Capture.Turns;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Reading;

/// <summary>
/// Why a cache was missed: a pure function of a call, the call before it, and how their prompts differ. Compared in the order in which vendors cache: tools,
/// system prompt, messages. The marks themselves do not count; but where an equal mark stands before the difference, that much should have been read.
/// </summary>
internal static class CacheVerdict
{
    private const string Certain = "certain";
    private const string Likely = "likely";
    private const string Unknown = "unknown";

    /// <summary>A call that reads less of what was left has missed the cache.</summary>
    private const double ReadShareMin = 0.9;

    /// <summary>No vendor keeps a shorter prompt.</summary>
    private const long TokensMin = 1024;

    /// <summary>Vendors look this far back from a mark for what they have kept.</summary>
    private const int BlocksBackMax = 20;

    /// <summary>How long vendors keep what nobody declared a time for, by their own words at least.</summary>
    private static readonly TimeSpan UndeclaredLife = TimeSpan.FromMinutes(10);

    /// <summary>True when less was read than there was: then how the prompts differ matters.</summary>
    public static bool IsMissed(CachedCall call, CachedCall? before) =>
        before is { Left: >= TokensMin, IsImport: false } && !call.IsImport && call.Read < Math.Min(before.Left, call.All) * ReadShareMin;

    /// <param name="before">The call whose cache was to be used again; null when there is none.</param>
    /// <param name="difference">Null where nothing was missed.</param>
    public static CacheRecord Of(CachedCall call, CachedCall? before, PromptDifference? difference)
    {
        var (verdict, reason, confidence) = Decide(call, before, difference);
        var lost = before is null ? 0 : Math.Max(0, Math.Min(before.Left, call.All) - call.Read);
        var isMiss = verdict is "rebuilt" or "expired" or Unknown && before is not null && difference is not null;
        var vendor = call.CacheDiagnosis is { } told ? new CacheVendorRecord(told, call.CacheMissed) : null;
        if (vendor is { Reason: not ("unavailable" or "previous_message_not_found") } && verdict is not ("hit" or "first"))
        {
            (reason, confidence) = (Reasons.GetValueOrDefault(vendor.Reason, vendor.Reason), Certain);
            verdict = verdict == Unknown ? "rebuilt" : verdict;
        }

        return new CacheRecord
        {
            Verdict = verdict,
            Reason = reason,
            Confidence = confidence,
            FirstDifference = difference is null || before is null ? null : FirstDifference(call, before, difference),
            CostNanoUsd = isMiss ? CostOf(call, vendor?.MissedInputTokens ?? lost) : 0,
            LostTokens = before is null ? null : isMiss ? vendor?.MissedInputTokens ?? lost : 0,
            Vendor = vendor,
            ComparedWith = before?.ExchangeId.ToString("D"),
            Marks = call.Marks,
        };
    }

    // The vendors' words, where they have others for the same.
    private static readonly Dictionary<string, string> Reasons = new()
    {
        ["messages_changed"] = "history_changed",
        ["input_changed"] = "history_changed",
        ["settings_changed"] = "parameters_changed",
        ["context_compacted"] = "compacted",
    };

    private static (string Verdict, string? Reason, string Confidence) Decide(CachedCall call, CachedCall? before, PromptDifference? difference)
    {
        if (call.IsImport)
        {
            return call.Read > 0 ? ("hit", null, Certain) : (Unknown, Unknown, Unknown);
        }

        if (call.KeepsWhatIsMarked && call.CacheMarks is null && call.Read + call.Written == 0)
        {
            return ("off", "not_marked", Certain);
        }

        if (difference is not null && before is not null)
        {
            return Missed(call, before, difference);
        }

        return call.Read > 0 ? ("hit", null, Certain)
            : call.All < TokensMin ? ("off", "too_short", Likely)
            : call.Written == 0 && call.KeepsWhatIsMarked ? ("off", "too_short", Likely)
            : before is null ? ("first", "first", call.Written > 0 ? Certain : Likely)
            : (Unknown, Unknown, Unknown);
    }

    private static (string Verdict, string? Reason, string Confidence) Missed(CachedCall call, CachedCall before, PromptDifference difference)
    {
        var declared = call.CacheMarks is not null || before.CacheMarks is not null;
        var sure = declared ? Certain : Likely;
        if (call.Model != before.Model)
        {
            return ("rebuilt", "model_changed", sure);
        }

        var gap = TimeSpan.FromMicroseconds(call.CapturedAt - before.CapturedAt);
        var lives = call.Marks.Concat(before.Marks).Select(mark => LifeOf(mark.Ttl)).DefaultIfEmpty(UndeclaredLife).ToList();
        if (gap >= lives.Max())
        {
            return ("expired", "expired", sure);
        }

        // What was kept for longer was read, the rest was not.
        if (gap >= lives.Min() && call.Read > 0)
        {
            return ("expired", "expired", Likely);
        }

        var (reason, scope, index) = Changed(call, before, difference);
        return reason is null ? NothingChanged(call, before, difference)
            : call.Read == 0 && HasMarkBefore(call, before, scope, index) ? (Unknown, Unknown, Unknown)
            : ("rebuilt", reason, reason is "history_shrank" ? Likely : sure);
    }

    private static (string? Reason, int Scope, int Index) Changed(CachedCall call, CachedCall before, PromptDifference difference)
    {
        var (here, there) = (call.PromptLength ?? 0, before.PromptLength ?? 0);
        return difference.Tools is not null ? ("tools_changed", 0, 0)
            : difference.System is not null ? ("system_changed", 1, 0)
            : difference.SharedMessages >= there ? (null, 0, 0)
            : difference.IsCompacted && here < there ? ("compacted", 2, difference.SharedMessages)
            : difference.SharedMessages < here ? ("history_changed", 2, difference.SharedMessages)
            : ("history_shrank", 2, difference.SharedMessages);
    }

    private static (string Verdict, string? Reason, string Confidence) NothingChanged(CachedCall call, CachedCall before, PromptDifference difference)
    {
        if (call.CacheParameters != before.CacheParameters)
        {
            return ("rebuilt", "parameters_changed", call.CacheMarks is null ? Likely : Certain);
        }

        if (difference.BringsImages)
        {
            return ("rebuilt", "parameters_changed", Likely);
        }

        var (last, first) = (LastMessage(before), LastMessage(call));
        if (last is { } left && first is { } sought && sought - left > BlocksBackMax)
        {
            return ("rebuilt", "marks_moved", Likely);
        }

        return before.CacheMarks is not null && call.CacheMarks is null ? ("off", "not_marked", Certain) : (Unknown, Unknown, Unknown);
    }

    private static bool HasMarkBefore(CachedCall call, CachedCall before, int scope, int index) => call.Marks
        .Where(mark => ScopeOf(mark) < scope || (ScopeOf(mark) == scope && scope == 2 && mark.Index < index))
        .Any(mark => before.Marks.Any(other => (other.Scope, other.Index, other.Block) == (mark.Scope, mark.Index, mark.Block)));

    private static int ScopeOf(CacheMarkRecord mark) => mark.Scope switch { "tools" => 0, "system" => 1, "messages" => 2, _ => int.MaxValue };

    private static int? LastMessage(CachedCall call) => call.Marks.Where(mark => mark.Scope == "messages").Max(mark => mark.Index);

    private static string? FirstDifference(CachedCall call, CachedCall before, PromptDifference difference) =>
        call.Model != before.Model ? "model"
        : difference.Tools ?? difference.System
            ?? (difference.SharedMessages < (before.PromptLength ?? 0) ? $"messages[{difference.SharedMessages}]" : null)
            ?? (call.CacheParameters != before.CacheParameters ? "parameters" : difference.BringsImages ? "images" : null);

    private static TimeSpan LifeOf(string ttl) =>
        int.TryParse(ttl.AsSpan(0, ttl.Length - 1), out var number) && number > 0 ? ttl[^1] switch
        {
            'm' => TimeSpan.FromMinutes(number),
            'h' => TimeSpan.FromHours(number),
            'd' => TimeSpan.FromDays(number),
            _ => UndeclaredLife,
        }
        : UndeclaredLife;

    // Tokens that were written, or read as new ones, in the place of being read out of the cache.
    private static long? CostOf(CachedCall call, long lost)
    {
        var anew = call.CacheWrite1h > 0 && call.CacheWrite5m is null or 0 ? new Usage { CacheWrite1h = lost }
            : call.Written > 0 ? new Usage { CacheWrite5m = lost }
            : new Usage { Input = lost };
        return Price(anew) is { } paid && Price(new Usage { CacheRead = lost }) is { } saved ? Math.Max(0, paid - saved) : null;

        long? Price(Usage usage) => PriceBook.Embedded.Price(
            new Turn { Provider = call.Provider, Endpoint = "", Operation = Capture.Turns.Operation.Chat, ModelServed = call.Model, Usage = usage with { Final = true } },
            Microseconds.ToTime(call.CapturedAt))?.NanoUsd;
    }
}
