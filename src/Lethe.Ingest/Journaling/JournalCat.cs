using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Lethe.Capture.Exchanges;

namespace Lethe.Ingest.Journaling;

/// <summary>A journal as JSON lines for a person or a program: each line as it stands, an exchange's joined with what was said; a fault is a line of its own.</summary>
public sealed class JournalCat(string directory)
{
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ArrayBufferWriter<byte> buffer = new();

    /// <summary>What could not be read so far.</summary>
    public int Faults { get; private set; }

    /// <summary>The lines in their order.</summary>
    /// <param name="segment">Only this one; null for all.</param>
    /// <param name="since">Only exchanges captured from then on, and no other kinds of lines; null for all.</param>
    public IEnumerable<string> Lines(long? segment, DateTimeOffset? since)
    {
        JournalDirectory.RefuseFirstEdition(directory);
        using var cursor = new JournalCursor(directory, new JournalPosition(JournalIdentity.Of(directory), segment ?? 0, 0, 0));
        using var pieces = new PieceReader(directory);
        for (var step = cursor.Step(); step != CursorStep.End; step = cursor.Step())
        {
            var at = step == CursorStep.Fault ? cursor.Fault!.At : cursor.LineAt;
            if (segment is { } only && at.Segment != only)
            {
                yield break;
            }

            if (step == CursorStep.Fault)
            {
                yield return Fault(cursor.Fault!);
                cursor.SkipFault();
            }
            else if (Text(cursor, pieces, since) is { } text)
            {
                yield return text;
            }
        }
    }

    private string? Text(JournalCursor cursor, PieceReader pieces, DateTimeOffset? since)
    {
        try
        {
            if (cursor.Kind != LineKind.Exchange)
            {
                return since is null ? Line(cursor, null) : null;
            }

            var call = CallText.Read(cursor.Data.Span, cursor.LineAt.Segment);
            return call.CapturedAt < since ? null : Line(cursor, pieces.Read(call), isExchange: true);
        }
        catch (Exception error) when (JournalDamage.Is(error) || error is NotSupportedException)
        {
            return Fault(new JournalFault(error is NotSupportedException ? JournalFaultKind.UnknownVersion : JournalFaultKind.Undecodable, cursor.LineAt, error.Message));
        }
    }

    private string Line(JournalCursor cursor, CapturedExchange? exchange, bool isExchange = false) => Write(cursor.LineAt, json =>
    {
        json.WriteString("kind", JsonNamingPolicy.SnakeCaseLower.ConvertName(cursor.Kind.ToString()));
        json.WritePropertyName("line");
        json.WriteRawValue(cursor.Data.Span);
        if (isExchange)
        {
            json.WriteString("content", exchange is null ? "erased" : "kept");
        }

        if (exchange is not null)
        {
            Said(json, exchange);
        }
    });

    private string Fault(JournalFault fault)
    {
        Faults++;
        return Write(fault.At, json =>
        {
            json.WriteString("fault", JsonNamingPolicy.SnakeCaseLower.ConvertName(fault.Kind.ToString()));
            json.WriteString("detail", fault.Detail);
        });
    }

    private string Write(JournalPosition at, Action<Utf8JsonWriter> content)
    {
        buffer.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(buffer, Relaxed))
        {
            json.WriteStartObject();
            json.WriteNumber("segment", at.Segment);
            json.WriteNumber("offset", at.Offset);
            json.WriteNumber("sequence", at.Sequence);
            content(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Said(Utf8JsonWriter json, CapturedExchange exchange)
    {
        json.WriteStartObject("request");
        json.WriteString("method", exchange.Method);
        json.WriteString("path", exchange.Path);
        json.WriteString("query", exchange.Query);
        Headers(json, "headers", exchange.RequestHeaders);
        Body(json, exchange.Request);
        json.WriteEndObject();
        json.WriteStartObject("response");
        Headers(json, "headers", exchange.ResponseHeaders);
        Headers(json, "trailers", exchange.ResponseTrailers);
        Body(json, exchange.Response);
        json.WriteEndObject();
    }

    private static void Headers(Utf8JsonWriter json, string name, IReadOnlyList<HeaderField> headers)
    {
        json.WriteStartArray(name);
        foreach (var header in headers)
        {
            json.WriteStartArray();
            json.WriteStringValue(header.Name);
            json.WriteStringValue(header.Value);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    // As text where it is text, for that is what is looked for; else as it is on the wire, in Base64.
    private static void Body(Utf8JsonWriter json, CapturedBody body)
    {
        if (Utf8.IsValid(body.Bytes.Span))
        {
            json.WriteString("body", body.Bytes.Span);
        }
        else
        {
            json.WriteBase64String("body_base64", body.Bytes.Span);
        }
    }
}
