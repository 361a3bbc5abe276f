using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Lethe.Capture.Exchanges;

namespace Lethe.Proxy.IngestApi;

/// <summary>What a payload says of its session, as the headers by which a wire door would have heard it.</summary>
internal static class SessionBlock
{
    private const int CwdCharsMax = 4096;
    private const int NameCharsMax = 4096;
    private const int MetadataBytesMax = 4 * 1024;

    private static readonly (string Field, string Header)[] Ids =
    [
        ("harness_id", "x-lethe-harness-id"), ("harness_session_id", "x-lethe-harness-session-id"), ("harness_version", "x-lethe-harness-version"),
        ("parent_harness_session_id", "x-lethe-parent-harness-session-id"), ("parent_harness_id", "x-lethe-parent-harness-id"), ("thread_id", "x-lethe-thread-id"),
    ];

    /// <param name="whole">The payload, whose top tolerates <c>parent_harness_id</c>.</param>
    public static Refusal? Read(JsonElement whole, Owner owner, List<HeaderField> into)
    {
        if (whole.Field("session") is not { } session)
        {
            return null;
        }

        if (session.ValueKind != JsonValueKind.Object)
        {
            return Refusal.Malformed("bad_session", "session: an object.");
        }

        return ForeignOrg(session, owner) ?? ReadIds(session, whole, into) ?? ReadWords(session, into);
    }

    /// <summary>The organisation of a payload may be told, and has to be the credential's.</summary>
    public static Refusal? ForeignOrg(JsonElement holder, Owner owner)
    {
        if (!holder.TryText("org_id", Fields.IdCharsMax, out var org) || (org is { Length: > 0 } && !Guid.TryParseExact(org, "D", out _)))
        {
            return Refusal.Malformed("bad_org", "org_id: a UUID.");
        }

        return org is { Length: > 0 } && !org.Equals(owner.Org, StringComparison.OrdinalIgnoreCase) ? Refusal.ForeignOrg : null;
    }

    public static void Escaped(string header, string? words, List<HeaderField> into)
    {
        if (!string.IsNullOrWhiteSpace(words))
        {
            into.Add(new HeaderField(header, words.Replace("%", "%25", StringComparison.Ordinal)));
        }
    }

    /// <summary>False when it is too long.</summary>
    public static bool TryMetadata(byte[] json, List<HeaderField> into)
    {
        into.Add(new HeaderField("x-lethe-metadata", Base64Url.EncodeToString(json)));
        return json.Length <= MetadataBytesMax;
    }

    private static Refusal? ReadIds(JsonElement session, JsonElement whole, List<HeaderField> into)
    {
        foreach (var (field, header) in Ids)
        {
            var holder = field == "parent_harness_id" && session.Field(field) is null ? whole : session;
            if (!holder.TryText(field, Fields.IdCharsMax, out var id))
            {
                return Refusal.Malformed("bad_session", $"session.{field}: text of at most {Fields.IdCharsMax} characters without control characters.");
            }

            if (field == "parent_harness_session_id" && id is "")
            {
                return Refusal.Malformed("bad_session", "session.parent_harness_session_id: absent, or not empty.");
            }

            if (!string.IsNullOrWhiteSpace(id))
            {
                into.Add(new HeaderField(header, id));
            }
        }

        return into.Exists(header => header.Name == "x-lethe-parent-harness-id") && !into.Exists(header => header.Name == "x-lethe-parent-harness-session-id")
            ? Refusal.Malformed("bad_session", "session.parent_harness_id: only with parent_harness_session_id.")
            : null;
    }

    private static Refusal? ReadWords(JsonElement session, List<HeaderField> into)
    {
        if (!session.TryText("cwd", CwdCharsMax, out var cwd) || !session.TryText("name", NameCharsMax, out var name))
        {
            return Refusal.Malformed("bad_session", $"session.cwd, session.name: text of at most {CwdCharsMax} characters without control characters.");
        }

        Escaped("x-lethe-cwd", cwd, into);
        Escaped("x-lethe-session-name", name, into);
        if (session.Field("harness_metadata") is not { } metadata)
        {
            return null;
        }

        return metadata.ValueKind != JsonValueKind.Object ? Refusal.Malformed("bad_session", "session.harness_metadata: an object.")
            : !TryMetadata(Fields.Raw(metadata), into) ? Refusal.Rule("metadata_too_large", $"session.harness_metadata: at most {MetadataBytesMax} bytes.")
            : null;
    }
}
