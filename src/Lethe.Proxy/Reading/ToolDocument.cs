using System.Globalization;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Reading;

/// <summary>How a tool was used over a stretch of time.</summary>
/// <param name="Calls">At most <see cref="CallsMax"/>, the newest.</param>
/// <param name="Cancelled">Stopped before they had ended.</param>
/// <param name="Pending">Nobody has answered.</param>
/// <param name="LatencyMs">The median; null where no outcome was timed.</param>
/// <param name="Days">In their order, UTC.</param>
/// <param name="Recent">The newest, with what they brought into the context.</param>
public sealed record ToolDocument(string Name, long Calls, long Failed, long Cancelled, long Pending, double? LatencyMs, IReadOnlyList<ToolDay> Days, IReadOnlyList<ToolCallBrief> Recent)
{
    /// <summary>Older calls are not counted.</summary>
    public const int CallsMax = 10_000;

    private const int RecentMax = 30;

    /// <summary>Of the newest calls together; null where nothing of them is known.</summary>
    public long? RecentResultCharacters => Recent.Any(call => call.ResultCharacters is not null) ? Recent.Sum(call => call.ResultCharacters ?? 0) : null;

    internal static ToolDocument Of(StoreReader reader, string org, string name, DateTimeOffset? since, string? harnessId)
    {
        var uses = reader.ToolUses(org, name, since, harnessId, CallsMax);
        return new ToolDocument(
            name,
            uses.Count,
            uses.Count(use => use.Status == ToolStatus.Error),
            uses.Count(use => use.Status == ToolStatus.Cancelled),
            uses.Count(use => use.Status is null),
            Median(uses),
            [
                .. uses.GroupBy(use => use.AskedAt.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)).OrderBy(day => day.Key, StringComparer.Ordinal)
                    .Select(day => new ToolDay(day.Key, day.Count(), day.Count(use => use.Status == ToolStatus.Error), Median(day))),
            ],
            [.. Briefs(reader, org, [.. uses.Take(RecentMax)])]);
    }

    private static double? Median(IEnumerable<ToolUse> uses)
    {
        var times = uses.Select(use => use.LatencyMs).OfType<double>().Order().ToList();
        return times.Count == 0 ? null : (times[(times.Count - 1) / 2] + times[times.Count / 2]) / 2;
    }

    private static IEnumerable<ToolCallBrief> Briefs(StoreReader reader, string org, IReadOnlyList<ToolUse> uses)
    {
        var turns = new Dictionary<string, ConversationTurn?>();
        foreach (var use in uses)
        {
            var (asking, answering) = (Turn(use.AskedBy), use.AnsweredBy is { } by ? Turn(by) : null);
            var result = answering?.NewMessages.SelectMany(message => MessageBlocks.Of(message.Body)).OfType<ToolResultBlock>().FirstOrDefault(block => block.Id == use.CallId);
            yield return new ToolCallBrief(
                use, asking?.Exchange.Turn.Seq, asking?.Tools.FirstOrDefault(tool => tool.CallId == use.CallId)?.ArgumentsJson, result?.Text.Length);
        }

        ConversationTurn? Turn(string exchange)
        {
            if (!turns.TryGetValue(exchange, out var turn))
            {
                var record = reader.Exchange(org, exchange);
                turn = record?.Session is { } session ? reader.Conversation(org, session.Id, record.Turn.Seq).FirstOrDefault(one => one.Exchange.ExchangeId == exchange) : null;
                turns[exchange] = turn;
            }

            return turn;
        }
    }
}

/// <summary>One day of a tool.</summary>
/// <param name="Day"><c>yyyy-MM-dd</c>, UTC.</param>
public sealed record ToolDay(string Day, long Calls, long Failed, double? LatencyMs);

/// <summary>A call of a tool with its place.</summary>
/// <param name="Turn">Null where no turn came of the answer that asked.</param>
/// <param name="ArgumentsJson">Null where they are not kept.</param>
/// <param name="ResultCharacters">What it brought into the context; null where that is not kept, or has not come.</param>
public sealed record ToolCallBrief(ToolUse Use, int? Turn, string? ArgumentsJson, long? ResultCharacters);
