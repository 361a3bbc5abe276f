using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.IngestApi;

namespace Lethe.Proxy.Importing;

/// <summary>
/// A model call as an agent's transcript tells it, in the shape in which a wire would have carried it: of the prompt only what the call before it had not got,
/// for a transcript holds each message once.
/// </summary>
internal sealed class RetoldCall(string harness)
{
    private static readonly JsonWriterOptions AsItStands = new() { SkipValidation = true };

    public required string Path { get; init; }

    public required string Provider { get; init; }

    /// <summary>When the last words that it answers were said; when the answer began where there are none.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>When the last piece of the answer came.</summary>
    public required DateTimeOffset EndedAt { get; init; }

    /// <summary>The vendor's id of the answer; null where the transcript has none.</summary>
    public string? AnswerId { get; init; }

    /// <summary>What it is recognised by, whoever tells it again, and in whichever file.</summary>
    public required IReadOnlyList<string> Identity { get; init; }

    public required IReadOnlyList<HeaderField> Headers { get; init; }

    public IReadOnlyList<HeaderField> ResponseHeaders { get; init; } = [];

    public required byte[] Request { get; init; }

    public required byte[] Response { get; init; }

    public CapturedExchange ToExchange()
    {
        var attributes = new Dictionary<string, string> { [ProducedKind.Attribute] = ProducedKind.Imported };
        if (AnswerId is not null)
        {
            attributes[ProducedKind.AnswerAttribute] = AnswerId;
        }

        var key = KeyOf([harness, .. Identity]);
        return new CapturedExchange
        {
            Id = ExchangeId.New(At, key),
            CommitKey = key,
            Door = Door.Ingest,
            CapturedAt = At,
            Duration = EndedAt > At ? EndedAt - At : null,
            Method = "POST",
            Path = Path,
            Provider = Provider,
            RequestHeaders = [new("content-type", "application/json"), .. Headers],
            Request = Body(Request),
            Status = 200,
            ResponseHeaders = [new("content-type", "application/json"), .. ResponseHeaders],
            Response = Body(Response),
            Ending = Ending.Completed,
            Attributes = attributes,
        };
    }

    /// <summary>Each part is led by its length, so that no two look alike.</summary>
    public static string KeyOf(IReadOnlyList<string> parts) =>
        "import:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(parts.Select(part => $"{part.Length}:{part}")))));

    public static CapturedBody Body(byte[] bytes) => new() { Bytes = bytes, WireBytes = bytes.Length };

    /// <summary>A header, unless its value is one that no header can have.</summary>
    public static IEnumerable<HeaderField> Header(string name, string? value) =>
        value is { Length: > 0 and <= Fields.IdCharsMax } && value.All(letter => letter is >= ' ' and <= '~') ? [new(name, value)] : [];

    public static IEnumerable<HeaderField> Cwd(string? directory) =>
        string.IsNullOrWhiteSpace(directory) ? [] : [new("x-lethe-cwd", Uri.EscapeDataString(directory))];

    public static byte[] Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, AsItStands))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>A value as it stood in its file, to the byte.</summary>
    public static byte[] Raw(JsonElement value) => JsonMarshal.GetRawUtf8Value(value).ToArray();

    public static void WriteList(Utf8JsonWriter json, string name, IEnumerable<byte[]> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteRawValue(value, skipInputValidation: true);
        }

        json.WriteEndArray();
    }

    /// <summary>A time as transcripts write it, in whole microseconds; null for none that can be stored.</summary>
    public static DateTimeOffset? Time(JsonElement line) =>
        line.TryText("timestamp", Fields.IdCharsMax, out var text) && DateTimeOffset.TryParse(
            text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal | System.Globalization.DateTimeStyles.AdjustToUniversal, out var at)
        && at >= DateTimeOffset.UnixEpoch
            ? at.AddTicks(-(at.Ticks % TimeSpan.TicksPerMicrosecond))
            : null;

    public static string? Word(JsonElement holder, string name) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryText(name, Fields.IdCharsMax, out var text) && text is { Length: > 0 } ? text : null;
}
