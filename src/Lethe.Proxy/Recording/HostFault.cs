namespace Lethe.Proxy.Recording;

/// <summary>Something does not let lethe start: one line that says what is in the way.</summary>
internal sealed class HostFault(string message, Exception? cause = null, bool isConfiguration = false) : Exception(message, cause)
{
    /// <summary>True when the configuration is at fault, false when the environment is.</summary>
    public bool IsConfiguration { get; } = isConfiguration;
}
