using System.Globalization;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Exporting;

/// <summary>
/// What was said as lethe turn events, a message a line, session after session: as <c>lethe import</c> takes it in. Each message is told once, by the call that
/// brought it first; what a call used and cost stands with its last one.
/// </summary>
internal sealed class TranscriptExport(StoreReader reader, Stream into)
{
    private const string Host = "lethe";
    private const decimal NanoUsdPerUsd = 1_000_000_000m;

    /// <param name="filter">The calls whose messages these are.</param>
    public async Task WriteAsync(ExchangeFilter filter, Progress progress, CancellationToken cancel)
    {
        long count = 0;
        foreach (var id in ExportedSessions.Of(reader, filter))
        {
            // Forgotten meanwhile where it is not there.
            if (reader.Session(Organisation.None, id) is not { Session: var session })
            {
                continue;
            }

            var seq = 0;
            foreach (var turn in reader.Conversation(Organisation.None, id).Where(turn => filter.Takes(turn.Exchange)))
            {
                foreach (var line in Lines(turn))
                {
                    await WriteAsync(session, turn.Exchange, line, seq++, cancel);
                }

                progress.Count(++count);
            }
        }
    }

    private static IEnumerable<Line> Lines(ConversationTurn turn)
    {
        Line[] lines = [.. turn.NewMessages.Select(message => Line.Of(message, isReply: false)), .. turn.Reply.Select(message => Line.Of(message, isReply: true))];
        if (lines.Length == 0 && Gone(turn.Exchange.Content) is { } gone)
        {
            lines = [new Line(SpokenRun.System, gone, [], null, IsReply: true)];
        }

        return lines.Select((line, at) => line with { At = at, IsLast = at == lines.Length - 1 });
    }

    private static string? Gone(string content) => content switch
    {
        "erased" => "What was said was erased.",
        "expired" => "What was said is no longer kept.",
        "withheld" => "What was said was not kept.",
        _ => null,
    };

    private async Task WriteAsync(SessionSummary session, ExchangeRecord record, Line line, int seq, CancellationToken cancel)
    {
        await using (var json = new Utf8JsonWriter(into))
        {
            json.WriteStartObject();
            json.WriteString("tool", session.HarnessId);
            json.WriteString("host", Host);
            json.WriteString("session_id", session.HarnessSessionId);
            json.WriteString("turn_id", string.Create(CultureInfo.InvariantCulture, $"{record.ExchangeId}/{line.At}"));
            json.WriteNumber("seq", seq);
            json.WriteString("role", line.Role);
            json.WriteNumber("timestamp", Seconds(record, line));
            json.WriteString("content", line.Content);
            if (line.IsReply && (record.ModelServed ?? record.ModelRequested) is { } model)
            {
                json.WriteString("model", model);
            }

            if (line.IsLast)
            {
                WriteFigures(json, record);
            }

            WriteCalls(json, line.Calls);
            WriteMetadata(json, record, line);
            if (seq == 0)
            {
                WriteSession(json, session);
            }

            json.WriteEndObject();
            await json.FlushAsync(cancel);
        }

        into.WriteByte((byte)'\n');
    }

    // A microsecond apart, so that who orders them by time has them in order; the answer when it was whole.
    private static decimal Seconds(ExchangeRecord record, Line line)
    {
        var captured = DateTimeOffset.Parse(record.CapturedAt, CultureInfo.InvariantCulture);
        var at = line.IsReply && record.Timing.DurationMs is { } duration ? captured.AddMilliseconds(duration) : captured;
        return (decimal)(at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerSecond + (line.At / 1_000_000m);
    }

    private static void WriteFigures(Utf8JsonWriter json, ExchangeRecord record)
    {
        if (record.Usage?.InputTokens is { } input)
        {
            json.WriteNumber("tokens_in", input);
        }

        if (record.Usage?.OutputTokens is { } output)
        {
            json.WriteNumber("tokens_out", output);
        }

        if (record.CostNanoUsd is { } cost)
        {
            json.WriteNumber("cost_usd", cost / NanoUsdPerUsd);
        }
    }

    private static void WriteCalls(Utf8JsonWriter json, IReadOnlyList<ToolUseBlock> calls)
    {
        if (calls.Count == 0)
        {
            return;
        }

        json.WriteStartArray("tool_calls");
        foreach (var call in calls)
        {
            json.WriteStartObject();
            json.WriteString("id", call.Id);
            json.WriteString("name", call.Name);
            json.WritePropertyName("arguments");
            ToolInput.Write(json, call.Arguments);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteMetadata(Utf8JsonWriter json, ExchangeRecord record, Line line)
    {
        json.WriteStartObject("metadata");
        json.WriteString("exchange_id", record.ExchangeId);
        json.WriteString("outcome", record.Outcome);
        json.WriteString("content", record.Content);
        if (line.AnswersCall is { } call)
        {
            json.WriteString("tool_call_id", call);
        }

        json.WriteEndObject();
    }

    private static void WriteSession(Utf8JsonWriter json, SessionSummary session)
    {
        json.WriteStartObject("session_meta");
        if (session.StartedAt is { } started)
        {
            json.WriteNumber("started_at", (decimal)(started - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerSecond);
        }

        if (session.Cwd is { } cwd)
        {
            json.WriteString("working_dir", cwd);
        }

        json.WriteEndObject();
    }

    /// <param name="AnswersCall">The tool's call whose outcome it is.</param>
    private sealed record Line(string Role, string Content, IReadOnlyList<ToolUseBlock> Calls, string? AnswersCall, bool IsReply)
    {
        private const string Tool = "tool";

        /// <summary>Its place among what its call tells, from 0 on.</summary>
        public int At { get; init; }

        public bool IsLast { get; init; }

        public static Line Of(ConversationMessage message, bool isReply)
        {
            var run = SpokenRun.Of(message);
            ToolResultBlock[] results = [.. run.Blocks.OfType<ToolResultBlock>()];
            var text = new StringBuilder();
            foreach (var block in run.Blocks)
            {
                if ((block is ToolResultBlock result ? result.Text : SpokenRun.TextOf(block)) is { Length: > 0 } said)
                {
                    text.Append(text.Length == 0 ? "" : "\n").Append(said);
                }
            }

            return new Line(results.Length > 0 ? Tool : run.Role, text.ToString(), [.. run.Blocks.OfType<ToolUseBlock>()], results.FirstOrDefault()?.Id, isReply);
        }
    }
}
