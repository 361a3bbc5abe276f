using Lethe.Ingest.Reading;
using Lethe.Proxy.Access;
using Lethe.Proxy.Problems;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Admin;

/// <summary>The parameters that every list takes; the first that makes no sense is the problem.</summary>
internal sealed class PageQuery(HttpContext context, TimeProvider time)
{
    private const int LimitDefault = 50;
    private const int LimitMax = 200;

    public static readonly string[] Orders = ["asc", "desc"];

    /// <summary>Null while everything read so far makes sense.</summary>
    public IResult? Problem { get; private set; }

    private readonly IQueryCollection query = context.Request.Query;

    public string? Word(string name) => query[name] is [{ Length: > 0 } value] ? value : null;

    /// <summary>All values of a name, also those that stand together with commas between.</summary>
    public IReadOnlyList<string> Words(string name) => [.. query[name].SelectMany(value => (value ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    public int Limit()
    {
        if (Word("limit") is not { } text)
        {
            return LimitDefault;
        }

        if (int.TryParse(text, out var limit) && limit is >= 1 and <= LimitMax)
        {
            return limit;
        }

        Refuse("limit", $"'{text}' is not a number from 1 to {LimitMax}.");
        return LimitDefault;
    }

    /// <summary>A whole number from 1 on; null where none is named.</summary>
    public int? Number(string name)
    {
        if (Word(name) is not { } text)
        {
            return null;
        }

        if (int.TryParse(text, out var number) && number >= 1)
        {
            return number;
        }

        Refuse(name, $"'{text}' is no number from 1 on.");
        return null;
    }

    /// <summary>True where it is asked for with <c>1</c> or <c>true</c>.</summary>
    public bool Flag(string name)
    {
        var word = Word(name);
        if (word is not (null or "0" or "1" or "false" or "true"))
        {
            Refuse(name, $"'{word}' is neither true nor false.");
        }

        return word is "1" or "true";
    }

    /// <summary>One of some words; null where none is named.</summary>
    public string? OneOf(string name, IReadOnlyList<string> known)
    {
        var word = Word(name);
        if (word is not null && !known.Contains(word, StringComparer.Ordinal))
        {
            Refuse(name, $"'{word}' is none of {string.Join(", ", known)}.");
            return null;
        }

        return word;
    }

    /// <summary>Any number of some words.</summary>
    public IReadOnlyList<string> SomeOf(string name, IReadOnlyList<string> known)
    {
        var words = Words(name);
        if (words.FirstOrDefault(word => !known.Contains(word, StringComparer.Ordinal)) is { } unknown)
        {
            Refuse(name, $"'{unknown}' is none of {string.Join(", ", known)}.");
        }

        return words;
    }

    public DateTimeOffset? Time(string name)
    {
        if (Word(name) is not { } text)
        {
            return null;
        }

        if (TimeText.TryParse(text, time.GetUtcNow(), out var since))
        {
            return since;
        }

        Refuse(name, $"'{text}' is neither an RFC 3339 time nor a time ago (30m, 2h, 7d).");
        return null;
    }

    /// <summary>The place in a list of exchanges that the cursor names; null at its beginning.</summary>
    public ExchangeCursor? AfterExchange() => Cursor<ExchangeCursor>(ExchangeCursor.TryParse);

    /// <summary>The place in a list of tool calls that the cursor names; null at its beginning.</summary>
    public ToolCallCursor? AfterTool() => Cursor<ToolCallCursor>(ToolCallCursor.TryParse);

    /// <summary>The place in the list of sessions that the cursor names; null at its beginning.</summary>
    public SessionCursor? AfterSession() => Cursor<SessionCursor>(SessionCursor.TryParse);

    /// <summary>The place in a list of what was found that the cursor names; null at its beginning.</summary>
    public SearchCursor? AfterFound() => Cursor<SearchCursor>(SearchCursor.TryParse);

    /// <summary>Whose records are asked for: the caller's own where it has an organisation, else the one it names, else nobody's in particular.</summary>
    /// <param name="mayBeAll">Whether an administrator may name all of them (<see cref="NamedOrgs"/>).</param>
    public string Org(bool mayBeAll = false)
    {
        var caller = Caller.Of(context);
        var named = Word("org");
        if (named is not null && !caller.MaySee(named))
        {
            Problem ??= ProblemDocument.ForeignOrg();
        }

        if (named == NamedOrgs.All && !mayBeAll)
        {
            Refuse("org", "one organisation: here they are not told together.");
        }

        return Caller.OrgOf(context);
    }

    private T? Cursor<T>(TryParse<T> tryParse)
        where T : struct
    {
        if (Word("cursor") is not { } text)
        {
            return null;
        }

        if (tryParse(text, out var cursor))
        {
            return cursor;
        }

        Refuse("cursor", "not one that this list gave.");
        return null;
    }

    public void Refuse(string name, string why) => Problem ??= ProblemDocument.OfParameter(name, why);

    private delegate bool TryParse<T>(string? text, out T cursor);
}
