using System.Security.Cryptography;
using System.Text;

namespace Lethe.Capture.Redaction;

/// <summary>The key of credential fingerprints: 32 random bytes that never leave the machine.</summary>
public sealed class CredentialKey
{
    public const int Length = 32;

    private const int FingerprintBytes = 16;

    private readonly byte[] key;

    public CredentialKey(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, Length);
        this.key = key.ToArray();
    }

    /// <summary>A fresh key from the system's generator.</summary>
    public static CredentialKey Create() => new(RandomNumberGenerator.GetBytes(Length));

    public byte[] ToArray() => [.. key];

    /// <summary>The first 32 hex digits of HMAC-SHA256 over the credential: equal for equal credentials, useless without the key.</summary>
    public string Fingerprint(string credential) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(credential)).AsSpan(0, FingerprintBytes));

    public override string ToString() => nameof(CredentialKey);
}
