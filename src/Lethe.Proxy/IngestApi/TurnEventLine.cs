using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Decoding.Produced;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Recording;

namespace Lethe.Proxy.IngestApi;

/// <summary>A lethe turn event: one turn of whatever role, told after the fact. It is kept as it came; fields that nobody knows change nothing.</summary>
internal static class TurnEventLine
{
    /// <summary>What its exchange has for a path: an event was no call.</summary>
    public const string Path = "/api/v1/ingest";

    private const int CwdCharsMax = 4096;
    private const int SourceFileBytesMax = 1024;
    private const int ToolCallsMax = 1024;
    private const double LastUnixSecond = 253_402_300_799;

    private static readonly string[] Roles = ["user", "assistant", "tool", "system"];
    private static readonly string[] KeyFields = ["tool", "host", "session_id", "turn_id"];

    /// <summary>True for a line that is an event, and no payload.</summary>
    public static bool Is(JsonElement line) => line.Field("request") is null && (line.Field("turn_id") is not null || line.Field("tool") is not null || line.Field("role") is not null);

    public static Reading Read(JsonElement line, ReadOnlyMemory<byte> raw, Owner owner)
    {
        var keys = new string[KeyFields.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            if (!line.TryText(KeyFields[i], Fields.IdCharsMax, out var text))
            {
                return Refusal.Rule("bad_field", $"{KeyFields[i]}: text of at most {Fields.IdCharsMax} characters without control characters.");
            }

            if (string.IsNullOrWhiteSpace(text))
            {
                return Refusal.Rule("missing_field", $"{KeyFields[i]}: not empty.");
            }

            keys[i] = text;
        }

        if (SessionBlock.ForeignOrg(line, owner) is { } foreign)
        {
            return foreign;
        }

        List<HeaderField> headers = [new("content-type", "application/json"), new("x-lethe-harness-id", keys[0]), new("x-lethe-harness-session-id", keys[2]), new(TurnEvents.HostHeader, keys[1]), new(TurnEvents.TurnHeader, keys[3])];
        return (BadField(line) ?? ReadSession(line, headers)) is { } refusal
            ? refusal
            : new ProducedCall(
                new ExchangeHead
                {
                    Door = Door.Ingest,
                    Kind = ProducedKind.TurnEvent,
                    Method = "POST",
                    Path = Path,
                    Headers = headers,
                    CommitKey = KeyOf(keys),
                    CapturedAt = DateTimeOffset.UnixEpoch.AddSeconds(line.Field("timestamp")!.Value.GetDouble()),
                    OrgId = owner.Org,
                    AuthSubject = owner.Subject,
                },
                raw,
                null,
                [],
                default);
    }

    private static Refusal? BadField(JsonElement line)
    {
        if (line.Field("role") is not { ValueKind: JsonValueKind.String } role || !Roles.Any(known => role.ValueEquals(known)))
        {
            return Refusal.Rule(line.Field("role") is null ? "missing_field" : "bad_role", "role: user, assistant, tool or system.");
        }

        if (line.Field("timestamp") is not { } at || !IsUnixSeconds(at))
        {
            return Refusal.Rule(line.Field("timestamp") is null ? "missing_field" : "bad_timestamp", "timestamp: unix seconds.");
        }

        if (line.Field("content") is not { ValueKind: JsonValueKind.String })
        {
            return Refusal.Rule(line.Field("content") is null ? "missing_field" : "bad_field", "content: text.");
        }

        if (!line.IsCount("seq") || !line.IsCount("tokens_in") || !line.IsCount("tokens_out"))
        {
            return Refusal.Rule("bad_number", "seq, tokens_in, tokens_out: whole numbers from zero on.");
        }

        if (line.Field("cost_usd") is { } cost && !(cost.ValueKind == JsonValueKind.Number && cost.TryGetDecimal(out var usd) && usd is >= 0 and < 1_000_000_000))
        {
            return Refusal.Rule("bad_number", "cost_usd: a number from zero on.");
        }

        return !line.TryText("model", Fields.IdCharsMax, out _) ? Refusal.Rule("bad_field", "model: text.")
            : !line.IsKind("metadata", JsonValueKind.Object) ? Refusal.Rule("bad_field", "metadata: an object.")
            : !line.IsKind("tool_calls", JsonValueKind.Array) ? Refusal.Rule("bad_field", "tool_calls: a list.")
            : line.Field("tool_calls") is { } calls && calls.GetArrayLength() > ToolCallsMax ? Refusal.Rule("too_many_tool_calls", $"tool_calls: at most {ToolCallsMax}.")
            : null;
    }

    private static bool IsUnixSeconds(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is >= 0 and <= LastUnixSecond;

    private static Refusal? ReadSession(JsonElement line, List<HeaderField> headers)
    {
        if (!line.IsKind("session_meta", JsonValueKind.Object))
        {
            return Refusal.Rule("bad_field", "session_meta: an object.");
        }

        var meta = line.Field("session_meta") ?? default;
        if (!meta.TryText("working_dir", CwdCharsMax, out var cwd) || !meta.IsKind("metadata", JsonValueKind.Object))
        {
            return Refusal.Rule("bad_field", "session_meta: working_dir is text, metadata an object.");
        }

        if (meta.Field("started_at") is { } started)
        {
            if (!IsUnixSeconds(started))
            {
                return Refusal.Rule("bad_timestamp", "session_meta.started_at: unix seconds.");
            }

            headers.Add(new HeaderField(TurnEvents.StartedHeader, started.GetDouble().ToString("R", CultureInfo.InvariantCulture)));
        }

        if (!meta.TryText("source_file", SourceFileBytesMax, out var file) || Encoding.UTF8.GetByteCount(file ?? "") > SourceFileBytesMax)
        {
            return Refusal.Rule("source_file_too_long", $"session_meta.source_file: at most {SourceFileBytesMax} bytes.");
        }

        SessionBlock.Escaped("x-lethe-cwd", cwd, headers);
        return (file is not null || meta.Field("metadata") is not null) && !SessionBlock.TryMetadata(Metadata(meta.Field("metadata"), file), headers)
            ? Refusal.Rule("metadata_too_large", "session_meta.metadata: at most 4096 bytes.")
            : null;
    }

    private static byte[] Metadata(JsonElement? told, string? sourceFile)
    {
        using var output = new MemoryStream();
        using (var writer = new Utf8JsonWriter(output))
        {
            writer.WriteStartObject();
            if (sourceFile is not null)
            {
                writer.WriteString("source_file", sourceFile);
            }

            foreach (var (name, value) in Members(told))
            {
                writer.WritePropertyName(name);
                writer.WriteRawValue(value.GetRawText());
            }

            writer.WriteEndObject();
        }

        return output.ToArray();
    }

    // Of a name that stands twice the last counts; a name that is no whole Unicode is none.
    private static Dictionary<string, JsonElement> Members(JsonElement? told)
    {
        Dictionary<string, JsonElement> members = [];
        foreach (var member in told?.EnumerateObject() ?? default)
        {
            try
            {
                members[member.Name] = member.Value;
            }
            catch (InvalidOperationException)
            {
                continue;
            }
        }

        members.Remove("source_file");
        return members;
    }

    // Each part is led by its length, so that no two keys look alike.
    private static string KeyOf(string[] parts) =>
        "turn:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(parts.Select(part => $"{part.Length}:{part}")))));
}
