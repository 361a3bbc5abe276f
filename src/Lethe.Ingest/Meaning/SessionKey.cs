using System.Security.Cryptography;
using System.Text;

namespace Lethe.Ingest.Meaning;

/// <summary>A session's natural key: <c>(org, harness_id, harness_session_id)</c>.</summary>
internal readonly record struct SessionKey(string OrgId, string HarnessId, string HarnessSessionId)
{
    /// <summary>
    /// Where calls wait that continue an answer of which the call is not known: the session is named after the answer, so that whatever comes to it
    /// goes over as a whole once that call is.
    /// </summary>
    private const string Continues = "continues:";

    public static SessionKey Continuing(string orgId, string harnessId, string responseId) => new(orgId, harnessId, ContinuingId(responseId));

    /// <summary>The harness session id under which calls wait for the one that made the answer.</summary>
    public static string ContinuingId(string responseId) => Continues + responseId;

    /// <summary>
    /// The public id, a UUIDv8 (RFC 9562, 5.8) over the natural key: the same in every store that holds the session, so that a link outlives a
    /// replay, and a short prefix tells sessions of one minute apart.
    /// </summary>
    public Guid ToId()
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(
            Encoding.UTF8.GetBytes($"lethe.session.v1\n{OrgId.Length} {OrgId}\n{HarnessId.Length} {HarnessId}\n{HarnessSessionId}"), hash);
        hash[6] = (byte)((hash[6] & 0x0f) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3f) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
