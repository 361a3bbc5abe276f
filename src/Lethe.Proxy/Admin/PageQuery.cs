using Lethe.Proxy.Commands;
using Lethe.Proxy.Problems;

namespace Lethe.Proxy.Admin;

/// <summary>The parameters that every list takes; the first that makes no sense is the problem.</summary>
internal sealed class PageQuery(IQueryCollection query, TimeProvider time)
{
    private const int LimitDefault = 50;
    private const int LimitMax = 200;

    /// <summary>Null while everything read so far makes sense.</summary>
    public IResult? Problem { get; private set; }

    public string? Word(string name) => query[name] is [{ Length: > 0 } value] ? value : null;

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

    public DateTimeOffset? Time(string name)
    {
        if (Word(name) is not { } text)
        {
            return null;
        }

        if (SinceOption.TryParse(text, time.GetUtcNow(), out var since))
        {
            return since;
        }

        Refuse(name, $"'{text}' is neither an RFC 3339 time nor a time ago (30m, 2h, 7d).");
        return null;
    }

    public void Refuse(string name, string why) =>
        Problem ??= ProblemDocument.Of(StatusCodes.Status400BadRequest, "invalid_parameter", "A parameter makes no sense.", $"{name}: {why}");
}
