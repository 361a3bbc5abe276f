using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Lethe.Proxy.Forwarding;

/// <summary>Certificate authorities trusted besides the system's: the PEM file that <c>SSL_CERT_FILE</c> names.</summary>
internal sealed class PrivateAuthorities
{
    private readonly X509Certificate2Collection roots = [];

    /// <param name="pemFile">Path of a PEM bundle, or null; one that cannot be read is an error at start, not a silent distrust.</param>
    public PrivateAuthorities(string? pemFile)
    {
        if (!string.IsNullOrEmpty(pemFile))
        {
            roots.ImportFromPemFile(pemFile);
        }
    }

    public bool IsEmpty => roots.Count == 0;

    public bool Accepts(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
        {
            return true;
        }

        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 leaf)
        {
            return false;
        }

        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.CustomTrustStore.AddRange(roots);
        if (chain is not null)
        {
            own.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
        }

        return own.Build(leaf);
    }
}
