using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Lethe.Ingest.Meaning;

/// <summary>
/// What is said about a session, each field with the clock of the exchange that said it. The latest capture wins, field by field; for the
/// authenticated subject the earliest does. So the order of arrival changes nothing.
/// </summary>
internal sealed class SessionFacts
{
    public const string Name = "name";
    public const string Cwd = "cwd";
    public const string HarnessVersion = "harness_version";
    public const string UserAgent = "user_agent";
    public const string IdOrigin = "id_origin";
    public const string AuthSubject = "auth_subject";
    public const string ForkedFrom = "forked_from";

    /// <summary>The machine whose turns came first under this id.</summary>
    public const string Host = "host";

    /// <summary>When it began, by its producer's word: RFC 3339, as a metadata field.</summary>
    public const string StartedAt = MetadataPrefix + "started_at";
    private const string MetadataPrefix = "metadata.";

    private readonly Dictionary<string, (string Value, CaptureClock Clock)> fields = new(StringComparer.Ordinal);

    public string? this[string field] => fields.TryGetValue(field, out var fact) ? fact.Value : null;

    /// <summary>The latest capture wins; saying nothing takes nothing back.</summary>
    public void Tell(string field, string? value, CaptureClock clock)
    {
        if (value is null)
        {
            return;
        }

        ref var fact = ref CollectionsMarshal.GetValueRefOrAddDefault(fields, field, out var known);
        if (!known || clock > fact.Clock)
        {
            fact = (value, clock);
        }
    }

    /// <summary>The earliest capture wins.</summary>
    public void TellFirst(string field, string? value, CaptureClock clock)
    {
        if (value is not null && (!fields.TryGetValue(field, out var known) || clock < known.Clock))
        {
            fields[field] = (value, clock);
        }
    }

    /// <summary>The least wins, whoever says it.</summary>
    public void TellLeast(string field, string value, CaptureClock clock)
    {
        if (!fields.TryGetValue(field, out var known) || string.CompareOrdinal(value, known.Value) < 0)
        {
            fields[field] = (value, clock);
        }
    }

    /// <summary>Each key of the object is a field of its own. What is not an object says nothing.</summary>
    public static void EachOfMetadata(string? json, Action<string, string> told)
    {
        if (json is null)
        {
            return;
        }

        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                foreach (var property in document.RootElement.EnumerateObject())
                {
                    told(MetadataPrefix + property.Name, property.Value.GetRawText());
                }
            }
        }
        catch (JsonException notJson)
        {
            told(MetadataPrefix + "malformed", JsonSerializer.Serialize(notJson.GetType().Name, StoredJson.Default.String));
        }
    }

    /// <summary>The metadata as one object; null when none was said.</summary>
    public string? Metadata()
    {
        var parts = fields
            .Where(field => field.Key.StartsWith(MetadataPrefix, StringComparison.Ordinal))
            .OrderBy(field => field.Key, StringComparer.Ordinal)
            .ToList();
        return parts.Count == 0
            ? null
            : Write(json =>
            {
                foreach (var (field, fact) in parts)
                {
                    json.WritePropertyName(field.AsSpan(MetadataPrefix.Length));
                    json.WriteRawValue(fact.Value, skipInputValidation: true);
                }
            });
    }

    /// <summary>All that another says, each by its clock; of told turns the earliest stays. On which machine it began is its own.</summary>
    public void Take(SessionFacts other)
    {
        var isTold = other[Host] is not null;
        foreach (var (field, (value, clock)) in other.fields.Where(field => field.Key != Host))
        {
            if (field == StartedAt)
            {
                TellLeast(field, value, clock);
            }
            else if (field == AuthSubject || (isTold && field is not (IdOrigin or HarnessVersion or UserAgent or ForkedFrom)))
            {
                TellFirst(field, value, clock);
            }
            else
            {
                Tell(field, value, clock);
            }
        }
    }

    /// <summary>What is left when a session is erased: who called with what, and no word of what about.</summary>
    public SessionFacts Bare()
    {
        var bare = new SessionFacts();
        foreach (var (field, fact) in fields.Where(field => field.Key is IdOrigin or AuthSubject or HarnessVersion or ForkedFrom or Host))
        {
            bare.fields[field] = fact;
        }

        return bare;
    }

    /// <summary>Forgets what was said until then, but for what the session is known by.</summary>
    public void ForgetWords(long until)
    {
        foreach (var field in fields.Where(field => field.Value.Clock.At <= until && field.Key is not (HarnessVersion or IdOrigin or AuthSubject or ForkedFrom or Host)).Select(field => field.Key).ToList())
        {
            fields.Remove(field);
        }
    }

    public static SessionFacts Parse(string json)
    {
        var facts = new SessionFacts();
        using var document = JsonDocument.Parse(json);
        foreach (var field in document.RootElement.EnumerateObject())
        {
            facts.fields[field.Name] = (field.Value[0].GetString()!, new CaptureClock(field.Value[1].GetInt64(), field.Value[2].GetGuid()));
        }

        return facts;
    }

    public string ToJson() => Write(json =>
    {
        foreach (var (field, (value, clock)) in fields.OrderBy(field => field.Key, StringComparer.Ordinal))
        {
            json.WriteStartArray(field);
            json.WriteStringValue(value);
            json.WriteNumberValue(clock.At);
            json.WriteStringValue(clock.Id);
            json.WriteEndArray();
        }
    });

    private static string Write(Action<Utf8JsonWriter> properties)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            properties(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
