using System.Net;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Problems;

namespace Lethe.Proxy.Admin;

/// <summary>
/// Answers only to names that can be meant: loopback, the address the connection came to, and what the configuration adds. Else a web page
/// could bind its own name to 127.0.0.1 and read the conversations (DNS rebinding).
/// </summary>
internal sealed class HostGuard(LetheOptions options)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (IsMeant(context))
        {
            await next(context);
            return;
        }

        await ProblemDocument.Of(
            StatusCodes.Status421MisdirectedRequest,
            "host_not_allowed",
            "This name is not one of ours.",
            $"Host '{context.Request.Host}' is neither loopback nor the bound address; Lethe:AdminHosts can name it.").ExecuteAsync(context);
    }

    private bool IsMeant(HttpContext context)
    {
        var host = context.Request.Host.Host;
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || options.AdminHosts.Contains(host, StringComparer.OrdinalIgnoreCase))
        {
            return true;
        }

        return IPAddress.TryParse(host.Trim('[', ']'), out var address)
            && (IPAddress.IsLoopback(address) || Plain(address).Equals(Plain(context.Connection.LocalIpAddress)));
    }

    private static IPAddress Plain(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address ?? IPAddress.None;
}
