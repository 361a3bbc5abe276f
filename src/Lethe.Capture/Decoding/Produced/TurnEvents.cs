using System.Globalization;
using System.Text.Json;
using Lethe.Capture.Decoding.Counts;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Exchanges;
using Lethe.Capture.Harnesses;
using Lethe.Capture.Prices;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.Produced;

/// <summary>A lethe turn event as a turn: one message of whatever role, its tool calls and its numbers. What it does not tell is unknown.</summary>
public static class TurnEvents
{
    public const string Endpoint = "turn_event";

    public static Turn? Read(CapturedExchange exchange)
    {
        using var document = JsonReading.TryParse(Utf8Repair.Clean(exchange.Request.Bytes));
        if (document is not { RootElement: { ValueKind: JsonValueKind.Object } line })
        {
            return null;
        }

        var content = line.Text("content"u8);
        List<ToolCall> calls = [.. line.Items("tool_calls"u8).Where(call => call.ValueKind == JsonValueKind.Object).Select(ReadCall)];
        List<Block> blocks = content is null ? [] : [new Block { Type = "text", Text = content }];
        blocks.AddRange(calls.Select(call => new Block { Type = "tool_use", ToolUseId = call.Id, ToolName = call.Name, ToolInputJson = call.ArgumentsJson }));
        var message = new Message(line.Text("role"u8) ?? "user", blocks, WriteMessage(line, content, calls));
        return new Turn
        {
            Provider = SessionProvider,
            Endpoint = Endpoint,
            Operation = Operation.Chat,
            ModelServed = line.Word("model"u8),
            Usage = ReadUsage(line),
            ReportedCostNanoUsd = ReportedCost.FromText(line.Member("cost_usd"u8) is { ValueKind: JsonValueKind.Number } cost ? cost.GetRawText() : null),
            Reply = [message],
            ReplyText = content,
            ToolCalls = calls,
            ReplyComplete = true,
        };
    }

    /// <summary>What stands for the price book where the producer's word on the cost is all there is.</summary>
    private const string Reported = "reported";

    /// <summary>The header that names the machine; see <see cref="SessionEnvelope.Host"/>.</summary>
    public const string HostHeader = "x-lethe-host";

    /// <summary>The header that carries the producer's id of the turn.</summary>
    public const string TurnHeader = "x-lethe-turn-id";

    /// <summary>The header that tells when the session began, in Unix seconds.</summary>
    public const string StartedHeader = "x-lethe-session-started-at";

    /// <summary>What an event says of its session beside what every call may say.</summary>
    public static SessionEnvelope Envelope(CapturedExchange exchange, SessionEnvelope envelope)
    {
        string? Header(string name) => exchange.RequestHeaders.FirstOrDefault(header => header.Name == name).Value;
        return envelope with
        {
            KeepsFirst = true,
            Host = Header(HostHeader),
            TurnId = Header(TurnHeader),
            StartedAt = double.TryParse(Header(StartedHeader), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
                ? DateTimeOffset.UnixEpoch.AddSeconds(seconds)
                : null,
        };
    }

    /// <summary>The producer's own word; null when it gave none.</summary>
    public static Cost? Cost(Turn turn) => turn.ReportedCostNanoUsd is { } told ? new Cost(told, Reported) : null;

    /// <summary>An event names no vendor.</summary>
    private const string SessionProvider = "unknown";

    private static ToolCall ReadCall(JsonElement call)
    {
        var function = call.ObjectMember("function"u8) ?? call;
        return new ToolCall(
            call.Word("id"u8),
            function.Word("name"u8) ?? "unknown",
            ToolArguments.FromValue(function.Member("arguments"u8) ?? function.Member("input"u8)));
    }

    private static Usage? ReadUsage(JsonElement line)
    {
        var (input, output) = (line.Count("tokens_in"u8), line.Count("tokens_out"u8));
        return input is null && output is null ? null : new Usage { Input = input, Output = output, Final = true };
    }

    private static byte[] WriteMessage(JsonElement line, string? content, List<ToolCall> calls) => RawMessage.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("role"u8, line.Text("role"u8) ?? "user");
        writer.WriteStartArray("content"u8);
        if (content is not null)
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, "text"u8);
            writer.WriteString("text"u8, content);
            writer.WriteEndObject();
        }

        foreach (var call in calls)
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, "tool_use"u8);
            writer.WriteString("id"u8, call.Id);
            writer.WriteString("name"u8, call.Name);
            writer.WritePropertyName("input"u8);
            writer.WriteRawValue(call.ArgumentsJson, skipInputValidation: true);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });
}
