using System.Security.Cryptography;
using System.Text;

namespace Lethe.Ingest.Storage;

/// <summary>
/// A session's public id, a UUIDv8 (RFC 9562, 5.8) over its natural key: the same in every store that holds the session, so that a link
/// outlives a replay, and a short prefix tells sessions of one minute apart.
/// </summary>
internal static class SessionIdentity
{
    public static string Of(string orgId, string harnessId, string harnessSessionId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(
            Encoding.UTF8.GetBytes($"lethe.session.v1\n{orgId.Length} {orgId}\n{harnessId.Length} {harnessId}\n{harnessSessionId}"), hash);
        hash[6] = (byte)((hash[6] & 0x0f) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3f) | 0x80);
        return new Guid(hash[..16], bigEndian: true).ToString("D");
    }
}
