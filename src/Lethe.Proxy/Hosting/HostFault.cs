namespace Lethe.Proxy.Hosting;

/// <summary>The environment does not let lethe start: one line that says what is in the way.</summary>
internal sealed class HostFault(string message, Exception? cause = null) : Exception(message, cause);
