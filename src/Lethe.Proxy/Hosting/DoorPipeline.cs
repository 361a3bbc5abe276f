using Lethe.Proxy.Access;
using Lethe.Proxy.Admin;
using Lethe.Proxy.ExtProc;
using Lethe.Proxy.Forwarding;
using Lethe.Proxy.Page;

namespace Lethe.Proxy.Hosting;

/// <summary>One process, three front doors: each request goes to the branch of the door it came in by, and sees no other's routes.</summary>
internal static class DoorPipeline
{
    public static void Configure(IApplicationBuilder app)
    {
        app.Use(TellFaults);
        app.MapWhen(ListenerKind.Forwarding.Leads, branch =>
        {
            branch.UseSiteGuard(HostRule.ShortNamesToo);
            branch.MapForwarding();
        });
        Branch(app, ListenerKind.ExtProc, endpoints => endpoints.MapExtProc(), branch => branch.UseSiteGuard(HostRule.Any));
        Branch(app, ListenerKind.Admin, endpoints =>
        {
            endpoints.MapPage();
            endpoints.MapAdmin();
        }, branch =>
        {
            branch.UseAdminGuards();
            branch.UseResponseCompression();
        });
    }

    private static void Branch(IApplicationBuilder app, ListenerKind door, Action<IEndpointRouteBuilder> map, Action<IApplicationBuilder>? first = null) => app.MapWhen(door.Leads, branch =>
    {
        first?.Invoke(branch);
        branch.UseRouting();
        branch.UseEndpoints(map);
    });

    private static RequestDelegate TellFaults(RequestDelegate next)
    {
        return async context =>
        {
            try
            {
                await next(context);
            }
            catch (Exception fault) when (fault is not (AnswerCutException or OperationCanceledException or BadHttpRequestException))
            {
                Log.RequestFailed(context.RequestServices.GetRequiredService<ILogger<LetheHost>>(), fault);
                throw;
            }
        };
    }
}
